using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Patch;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>PATCH in its four forms.</summary>
internal sealed class PatchHandler(ResourceOperations operations, TimeProvider time)
{
    private const string Json = "application/json-patch+json";
    private const string Merge = "application/merge-patch+json";
    private const string Strategic = "application/strategic-merge-patch+json";
    private const string Apply = "application/apply-patch+yaml";

    public async Task HandleAsync(ApiRequest call)
    {
        var options = call.WriteOptions("PatchOptions");
        var target = call.Target;
        var type = RequestBody.MediaType(call.Http);
        if (type == Apply)
        {
            await ApplyAsync(call, options);
            return;
        }

        var body = await RequestBody.ReadAsync(call.Http);
        var duplicates = new List<string>();
        var patch = type is Json or Merge or Strategic ? Parse(body, duplicates) : null;
        var change = Change(type, patch, target.Resource, target.Version.Schema?.Root);
        options = options with { DuplicateFields = duplicates, PatchText = type == Json ? Encoding.UTF8.GetString(body) : GoValue.Format(patch) };
        var result = await ResponseWriter.WarningAsync(
            call.Http, options, operations.ModifyAsync(target, old => Checked(target, change(old)), options, call.Aborted));
        await ResponseWriter.ObjectAsync(call, StatusCodes.Status200OK, result, time);
    }

    /// <summary>The patch as a change of an object that has its content checked by the caller; refused where it is none of the type it came as.</summary>
    public static Func<JsonObject, JsonObject> Change(string type, JsonNode? patch, ResourceInfo resource, ISchemaNode? root) => type switch
    {
        Json => old => ApplyJson(old, patch),
        Merge when patch is JsonObject => old => (JsonObject)MergePatch.Apply(old, patch)!,
        Strategic when patch is JsonObject p && !resource.Custom => old => ApplyStrategic(old, p, root),
        Merge => throw ApiErrors.BadRequest($"json: cannot unmarshal {RequestBody.KindOf(patch)} into Go value of type map[string]interface {{}}"),
        Strategic when !resource.Custom => throw ApiErrors.BadRequest($"json: cannot unmarshal {RequestBody.KindOf(patch)} into Go value of type map[string]interface {{}}"),
        _ => throw Unsupported(resource),
    };

    private async Task ApplyAsync(ApiRequest call, RequestOptions options)
    {
        var target = call.Target;
        if (call.Query("fieldManager").Length == 0)
        {
            throw ApiErrors.Invalid("meta.k8s.io", "PatchOptions", "", [FieldError.Required("fieldManager", "is required for apply patch")]);
        }

        var applied = RequestBody.ParseYaml(await RequestBody.ReadAsync(call.Http));
        Decoding.CheckKind(target, applied);
        var name = ResourceOperations.Text(applied, "metadata", "name");
        if (name.Length > 0 && name != target.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        }

        Decoding.Metadata(applied)["name"] = target.Name;
        if (ResourceOperations.Text(applied, "metadata", "resourceVersion").Length == 0)
        {
            Decoding.Metadata(applied).Remove("resourceVersion");
        }

        if ((applied["metadata"]!["managedFields"] as JsonArray)?.Count > 0)
        {
            throw ApiErrors.BadRequest("metadata.managedFields must be nil");
        }

        var (result, created) = await operations.ApplyAsync(target, applied, call.Flag("force"), options, call.Aborted);
        ResponseWriter.Warn(call.Http, options.Warnings);
        await ResponseWriter.ObjectAsync(call, created ? StatusCodes.Status201Created : StatusCodes.Status200OK, result, time);
    }

    /// <summary>The body of a JSON, merge or strategic merge patch.</summary>
    public static JsonNode? Parse(byte[] body, List<string> duplicates)
    {
        try
        {
            return JsonTree.Parse(body, duplicates);
        }
        catch (JsonException e)
        {
            throw ApiErrors.BadRequest(GoJsonError.Describe(body, e));
        }
    }

    private static JsonObject ApplyJson(JsonObject old, JsonNode? patch)
    {
        try
        {
            return JsonPatch.Apply(old, patch) as JsonObject ?? throw Rejected();
        }
        catch (JsonPatchException) when (patch is JsonArray)
        {
            throw Rejected();
        }
        catch (JsonPatchException e)
        {
            throw ApiErrors.BadRequest("error decoding patch: " + e.Message);
        }
    }

    private static JsonObject ApplyStrategic(JsonObject old, JsonObject patch, ISchemaNode? root)
    {
        try
        {
            return StrategicMergePatch.Apply(old, patch, root);
        }
        catch (FormatException e)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
    }

    private static JsonObject Checked(ResourceTarget target, JsonObject changed)
    {
        Decoding.CheckKind(target, changed);
        var name = ResourceOperations.Text(changed, "metadata", "name");
        return name == target.Name
            ? changed
            : throw ApiErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
    }

    /// <summary>What did not fit is not told: kubectl would print it only as a cause, and no real server does.</summary>
    private static StatusException Rejected() => new(422, "Invalid", "the server rejected our request due to an error in our request", []);

    private static StatusException Unsupported(ResourceInfo resource) => ApiErrors.UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        + string.Join(", ", resource.Custom ? [Json, Merge, Apply] : (string[])[Json, Merge, Strategic, Apply]));
}

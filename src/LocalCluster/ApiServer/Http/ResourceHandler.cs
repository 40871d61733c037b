using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Protobuf;
using Godwit.LocalCluster.ApiServer.Reading;
using Godwit.LocalCluster.ApiServer.Subresources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Store;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>The verbs over HTTP for one resource.</summary>
internal sealed class ResourceHandler(
    ResourceOperations operations,
    ListHandler lists,
    WatchHandler watches,
    PatchHandler patches,
    SubresourceHandlers subresources,
    TimeProvider time)
{
    public Task HandleAsync(ApiRequest call)
    {
        if (call.Target.Subresource is { } name && !(name == "status" && call.Target.Version.HasStatus))
        {
            return subresources.HandleAsync(call, name);
        }

        var verb = Verb(call.Http.Request, call.Info);
        var allowed = call.Target.Subresource is null ? call.Target.Resource.Verbs : (IReadOnlyList<string>)["get", "update", "patch"];
        if (!allowed.Contains(verb))
        {
            throw ApiErrors.MethodNotAllowed("");
        }

        if (call.Target.Resource.Namespaced && call.Target.Namespace.Length == 0 && verb is not ("list" or "watch" or "deletecollection"))
        {
            throw ApiErrors.NoSuchResource();
        }

        return verb switch
        {
            "watch" => watches.HandleAsync(call),
            "get" => GetAsync(call),
            "list" => lists.HandleAsync(call),
            "create" => CreateAsync(call),
            "update" => UpdateAsync(call),
            "patch" => patches.HandleAsync(call),
            "delete" => DeleteAsync(call),
            _ => DeleteCollectionAsync(call),
        };
    }

    /// <summary>What a request asks to be done; empty when the method does not go with the path.</summary>
    public static string Verb(HttpRequest request, RequestInfo info)
    {
        var named = info.Name.Length > 0;
        return request.Method switch
        {
            "GET" when info.LegacyWatch || request.Query["watch"].ToString() is "true" or "1" or "True" => "watch",
            "GET" when named => "get",
            "GET" => "list",
            "POST" when !named => "create",
            "PUT" when named => "update",
            "PATCH" when named => "patch",
            "DELETE" when named => "delete",
            "DELETE" => "deletecollection",
            _ => "",
        };
    }

    private Task GetAsync(ApiRequest call)
    {
        var negotiation = call.Negotiate();
        var target = call.Target;
        var stored = operations.Store.Get(new StoreKey(target.Resource.StoreName, target.Namespace, target.Name))
            ?? throw ApiErrors.NotFound(target.Resource.Group, target.Resource.Plural, target.Name);
        return negotiation is { Shape: ResponseShape.Object, Yaml: false } && !ResponseWriter.WantsPretty(call.Http)
            ? ResponseWriter.BytesAsync(call.Http, StatusCodes.Status200OK, "application/json", ObjectReader.Bytes(stored, target.Resource, target.Version))
            : ResponseWriter.ObjectAsync(call, StatusCodes.Status200OK, ObjectReader.Present(stored, target.Resource, target.Version), time);
    }

    private async Task CreateAsync(ApiRequest call)
    {
        if (await subresources.TryReviewAsync(call))
        {
            return;
        }

        var options = call.WriteOptions("CreateOptions");
        var duplicates = new List<string>();
        var body = await RequestBody.ReadObjectAsync(call.Http, call.Target.Resource.Kind, duplicates);
        var created = await ResponseWriter.WarningAsync(
            call.Http, options, operations.CreateAsync(call.Target, body, options with { DuplicateFields = duplicates }, call.Aborted));
        await ResponseWriter.ObjectAsync(call, StatusCodes.Status201Created, created, time);
    }

    private async Task UpdateAsync(ApiRequest call)
    {
        var options = call.WriteOptions("UpdateOptions");
        var duplicates = new List<string>();
        var body = await RequestBody.ReadObjectAsync(call.Http, call.Target.Resource.Kind, duplicates);
        var updated = await ResponseWriter.WarningAsync(
            call.Http, options, operations.UpdateAsync(call.Target, body, options with { DuplicateFields = duplicates }, call.Aborted));
        await ResponseWriter.ObjectAsync(call, StatusCodes.Status200OK, updated, time);
    }

    private async Task DeleteAsync(ApiRequest call)
    {
        var options = call.WriteOptions("DeleteOptions");
        var wanted = await DeleteOptionsAsync(call);
        var (last, gone) = await operations.DeleteAsync(call.Target, wanted, options, call.Aborted);
        ResponseWriter.Warn(call.Http, options.Warnings);
        if (!gone || call.Target.Resource.Strategy.ReturnsDeletedObject)
        {
            await ResponseWriter.ObjectAsync(call, StatusCodes.Status200OK, last, time);
            return;
        }

        var details = new JsonObject { ["name"] = call.Target.Name };
        if (call.Target.Resource.Group.Length > 0)
        {
            details["group"] = call.Target.Resource.Group;
        }

        details["kind"] = call.Target.Resource.Plural;
        details["uid"] = ResourceOperations.Text(last, "metadata", "uid");
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status200OK, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        });
    }

    private async Task DeleteCollectionAsync(ApiRequest call)
    {
        if (call.Target.Resource.Namespaced && call.Target.Namespace.Length == 0)
        {
            throw ApiErrors.MethodNotAllowed("");
        }

        var options = call.WriteOptions("DeleteOptions");
        var wanted = await DeleteOptionsAsync(call);
        var selection = Selection.Of(call);
        var items = new JsonArray();
        foreach (var stored in operations.Store.Snapshot.List(call.Target.Resource.StoreName, call.Target.Namespace).Where(selection.Matches))
        {
            try
            {
                var each = (JsonObject?)wanted?.DeepClone();
                var (last, _) = await operations.DeleteAsync(call.Target with { Name = stored.Key.Name }, each, options, call.Aborted);
                items.Add((JsonNode)last);
            }
            catch (StatusException e) when (e.Code == StatusCodes.Status404NotFound)
            {
                // Somebody else was faster.
            }
        }

        ResponseWriter.Warn(call.Http, options.Warnings);
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status200OK, new JsonObject
        {
            ["kind"] = call.Target.Resource.ListKind,
            ["apiVersion"] = call.Target.Resource.ApiVersion(call.Target.Version.Name),
            ["metadata"] = new JsonObject { ["resourceVersion"] = operations.Store.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            ["items"] = items,
        });
    }

    // Options come in the body, and the older ones in the query.
    private static async Task<JsonObject?> DeleteOptionsAsync(ApiRequest call)
    {
        var bytes = await RequestBody.ReadAsync(call.Http);
        if (bytes.Length > 0)
        {
            return RequestBody.MediaType(call.Http) switch
            {
                "application/yaml" => RequestBody.ParseYaml(bytes),
                ProtobufDecoder.MediaType => RequestBody.ParseProtobuf(bytes),
                _ => RequestBody.ParseJson(bytes, "DeleteOptions", []),
            };
        }

        var options = new JsonObject();
        if (call.Number("gracePeriodSeconds") is { } grace)
        {
            options["gracePeriodSeconds"] = grace;
        }

        if (call.Query("propagationPolicy") is { Length: > 0 } policy)
        {
            options["propagationPolicy"] = policy;
        }

        if (call.Query("orphanDependents") is { Length: > 0 })
        {
            options["orphanDependents"] = call.Flag("orphanDependents");
        }

        return options.Count > 0 ? options : null;
    }
}

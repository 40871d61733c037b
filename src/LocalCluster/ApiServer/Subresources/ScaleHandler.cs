using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>The scale subresource: autoscaling/v1 Scale over paths of the object.</summary>
internal sealed class ScaleHandler(ResourceOperations operations)
{
    public async Task HandleAsync(ApiRequest call)
    {
        var target = call.Target with { Subresource = null };
        if (call.Http.Request.Method == "GET")
        {
            await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status200OK, View(call, operations.Get(target)));
            return;
        }

        var options = call.WriteOptions(call.Http.Request.Method == "PUT" ? "UpdateOptions" : "PatchOptions");
        Func<JsonObject, JsonObject> change;
        if (call.Http.Request.Method == "PUT")
        {
            var scale = await RequestBody.ReadObjectAsync(call.Http, "Scale", []);
            change = _ => (JsonObject)scale.DeepClone();
        }
        else
        {
            var patch = PatchHandler.Parse(await RequestBody.ReadAsync(call.Http), []);
            change = PatchHandler.Change(RequestBody.MediaType(call.Http), patch, call.Target.Resource, root: null);
        }

        var result = await operations.ModifyAsync(call.Target, old => Change(call, old, change), options with { FieldValidation = "Ignore" }, call.Aborted);
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status200OK, View(call, result));
    }

    private static JsonObject Change(ApiRequest call, JsonObject old, Func<JsonObject, JsonObject> change)
    {
        var scale = change(View(call, old));
        var revision = ResourceOperations.Text(scale, "metadata", "resourceVersion");
        if (revision.Length > 0)
        {
            old["metadata"]!["resourceVersion"] = revision;
        }

        var replicas = scale.Integer("spec", "replicas") ?? 0;
        if (replicas < 0)
        {
            throw ApiErrors.Invalid("autoscaling", "Scale", call.Target.Name, [FieldError.Invalid("spec.replicas", replicas.ToString(), "must be greater than or equal to 0")]);
        }

        Set(old, call.Target.Version.Scale!.SpecReplicasPath, replicas);
        return old;
    }

    private static JsonObject View(ApiRequest call, JsonObject obj)
    {
        var scale = call.Target.Version.Scale!;
        var metadata = new JsonObject();
        foreach (var name in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (obj["metadata"]![name] is { } value)
            {
                metadata[name] = value.DeepClone();
            }
        }

        var spec = new JsonObject();
        // Of a Scale, none and 0 are the same.
        if (Find(obj, scale.SpecReplicasPath) is JsonValue wanted && !JsonKinds.IsZero(wanted))
        {
            spec["replicas"] = wanted.DeepClone();
        }

        var status = new JsonObject { ["replicas"] = Find(obj, scale.StatusReplicasPath)?.DeepClone() ?? 0 };
        if (scale.LabelSelectorPath is { } path && Find(obj, path) is { } selector)
        {
            // Built-in kinds keep the selector as an object, custom resources as the text of a query.
            status["selector"] = selector is JsonObject ? LabelSelector.FromJson(selector).ToString() : selector.DeepClone();
        }

        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = spec,
            ["status"] = status,
        };
    }

    private static JsonNode? Find(JsonObject obj, string path)
    {
        JsonNode? node = obj;
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            node = (node as JsonObject)?[name];
        }

        return node;
    }

    private static void Set(JsonObject obj, string path, long value)
    {
        var names = path.Split('.', StringSplitOptions.RemoveEmptyEntries);
        var at = obj;
        foreach (var name in names[..^1])
        {
            if (at[name] is not JsonObject child)
            {
                at[name] = child = [];
            }

            at = child;
        }

        at[names[^1]] = value;
    }
}

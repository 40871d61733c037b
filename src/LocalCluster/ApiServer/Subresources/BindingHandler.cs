using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>pods/binding: the one way in which a pod gets its node.</summary>
internal sealed class BindingHandler(ResourceOperations operations, TimeProvider time)
{
    public async Task HandleAsync(ApiRequest call)
    {
        var options = call.WriteOptions("CreateOptions");
        var body = await RequestBody.ReadObjectAsync(call.Http, "Binding", []);
        var pod = call.Target.Name.Length > 0 ? call.Target.Name : ResourceOperations.Text(body, "metadata", "name");
        var node = ResourceOperations.Text(body, "target", "name");
        if (node.Length == 0)
        {
            throw ApiErrors.Invalid("", "Binding", pod, [FieldError.Required("target.name")]);
        }

        if (ResourceOperations.Text(body, "target", "kind") is not ("" or "Node"))
        {
            throw ApiErrors.Invalid("", "Binding", pod, [FieldError.NotSupported("target.kind", '"' + ResourceOperations.Text(body, "target", "kind") + '"', ["Node", "<empty>"])]);
        }

        var target = operations.Target("pods", call.Target.Namespace, pod, "binding");
        await operations.ModifyAsync(target, old => Bind(old, body, pod, node), options, call.Aborted);
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status201Created, SubresourceHandlers.Success(StatusCodes.Status201Created));
    }

    private JsonObject Bind(JsonObject old, JsonObject binding, string pod, string node)
    {
        if (old["metadata"]!["deletionTimestamp"] is not null)
        {
            throw ApiErrors.Conflict("", "pods/binding", pod, $"pod {pod} is being deleted, cannot be assigned to a host");
        }

        var uid = ResourceOperations.Text(binding, "metadata", "uid");
        if (uid.Length > 0 && uid != ResourceOperations.Text(old, "metadata", "uid"))
        {
            throw ApiErrors.Conflict("", "pods/binding", pod, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {ResourceOperations.Text(old, "metadata", "uid")}");
        }

        if (ResourceOperations.Text(old, "spec", "nodeName") is { Length: > 0 } assigned)
        {
            throw ApiErrors.Conflict("", "pods/binding", pod, $"pod {pod} is already assigned to node \"{assigned}\"");
        }

        old["spec"]!["nodeName"] = node;
        if (binding["metadata"]?["annotations"] is JsonObject annotations)
        {
            var metadata = (JsonObject)old["metadata"]!;
            var merged = metadata["annotations"] as JsonObject;
            if (merged is null)
            {
                metadata["annotations"] = merged = [];
            }

            foreach (var (name, value) in annotations)
            {
                merged[name] = value?.DeepClone();
            }
        }

        var status = old["status"] as JsonObject;
        if (status is null)
        {
            old["status"] = status = [];
        }

        var conditions = status["conditions"] as JsonArray;
        if (conditions is null)
        {
            status["conditions"] = conditions = [];
        }

        var before = conditions.OfType<JsonObject>().FirstOrDefault(c => ResourceOperations.Text(c, "type") == "PodScheduled");
        if (before is not null)
        {
            conditions.Remove(before);
        }

        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "True",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = ResourceOperations.Timestamp(time.GetUtcNow()),
        });
        return old;
    }
}

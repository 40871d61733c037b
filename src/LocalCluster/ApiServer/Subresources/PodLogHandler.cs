using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.Kubelet;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>pods/log, answered by the kubelets of this process.</summary>
internal sealed class PodLogHandler(ResourceOperations operations, Func<IPodLogs?> logs, TimeProvider time)
{
    public async Task HandleAsync(ApiRequest call)
    {
        var target = call.Target;
        var pod = operations.Get(target with { Subresource = null });
        var container = ContainerOf(call, pod);
        var node = ResourceOperations.Text(pod, "spec", "nodeName");
        if (node.Length == 0)
        {
            // An unscheduled pod has said nothing yet.
            await ResponseWriter.TextAsync(call.Http, StatusCodes.Status200OK, "");
            return;
        }

        var request = new PodLogRequest(target.Namespace, target.Name, ResourceOperations.Text(pod, "metadata", "uid"), node, container)
        {
            Follow = call.Flag("follow"),
            Previous = call.Flag("previous"),
            Timestamps = call.Flag("timestamps"),
            TailLines = Positive(call, "tailLines"),
            LimitBytes = Positive(call, "limitBytes"),
            Since = Since(call),
        };
        if (operations.Find("nodes", "", node) is null)
        {
            // A real server names the node and calls it a pod.
            throw ApiErrors.NotFound("", "pods", node);
        }

        var source = logs() ?? throw ApiErrors.ServiceUnavailable($"node {node} gives no logs: its kubelet is not running");
        var http = call.Http;
        http.Response.ContentType = "text/plain";
        http.Response.Headers.CacheControl = "no-cache, private";
        try
        {
            await source.CopyAsync(request, http.Response.Body, call.Aborted);
        }
        catch (PodLogException e) when (!http.Response.HasStarted)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
        catch (OperationCanceledException) when (call.Aborted.IsCancellationRequested)
        {
            // Whoever followed has left.
        }
    }

    private static string ContainerOf(ApiRequest call, JsonObject pod)
    {
        var names = Names(pod, "containers");
        var all = names.Concat(Names(pod, "initContainers")).ToList();
        var asked = call.Query("container");
        if (asked.Length > 0)
        {
            return all.Contains(asked)
                ? asked
                : throw ApiErrors.BadRequest($"container {asked} is not valid for pod {call.Target.Name}");
        }

        if (names.Count == 1)
        {
            return names[0];
        }

        if (ResourceOperations.Text(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container") is { Length: > 0 } preferred && all.Contains(preferred))
        {
            return preferred;
        }

        throw ApiErrors.BadRequest($"a container name must be specified for pod {call.Target.Name}, choose one of: [{string.Join(' ', names)}]");
    }

    private static List<string> Names(JsonObject pod, string list) =>
        (pod["spec"]?[list] as JsonArray)?.OfType<JsonObject>().Select(c => ResourceOperations.Text(c, "name")).ToList() ?? [];

    private static long? Positive(ApiRequest call, string name)
    {
        var value = call.Number(name);
        return value is null or >= 0
            ? value
            : throw ApiErrors.Invalid("", "PodLogOptions", call.Target.Name, [FieldError.Invalid(name, value.Value.ToString(CultureInfo.InvariantCulture), "must be greater than or equal to 0")]);
    }

    private DateTimeOffset? Since(ApiRequest call)
    {
        if (call.Query("sinceTime") is { Length: > 0 } text)
        {
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? at
                : throw ApiErrors.BadRequest($"sinceTime: \"{text}\" is not a time in RFC 3339 form");
        }

        return Positive(call, "sinceSeconds") is { } seconds ? time.GetUtcNow().AddSeconds(-seconds) : null;
    }
}

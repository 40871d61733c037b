using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>
/// pods/eviction: a deletion that PodDisruptionBudgets and admission may refuse. Admission sees it as CREATE of pods/eviction,
/// which is how a VM's launcher pod answers an eviction by a migration.
/// </summary>
internal sealed class EvictionHandler(ResourceOperations operations)
{
    public async Task HandleAsync(ApiRequest call)
    {
        var options = call.WriteOptions("CreateOptions");
        var body = await RequestBody.ReadObjectAsync(call.Http, "Eviction", []);
        var name = ResourceOperations.Text(body, "metadata", "name");
        if (name.Length > 0 && name != call.Target.Name)
        {
            throw ApiErrors.BadRequest("name in URL does not match name in Eviction object");
        }

        var target = call.Target with { Subresource = null };
        var pod = operations.Get(target);
        await operations.AdmitAsync(call.Target, body, options, call.Aborted);
        ResponseWriter.Warn(call.Http, options.Warnings);
        var phase = ResourceOperations.Text(pod, "status", "phase");
        var holds = phase is not ("Succeeded" or "Failed" or "Pending" or "") && pod["metadata"]!["deletionTimestamp"] is null;
        if (holds)
        {
            CheckBudgets(target, pod);
        }

        await operations.DeleteAsync(target, body["deleteOptions"] as JsonObject, options, call.Aborted);
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status201Created, SubresourceHandlers.Success(StatusCodes.Status201Created));
    }

    private void CheckBudgets(ResourceTarget target, JsonObject pod)
    {
        var labels = pod.Labels();
        var snapshot = operations.Store.Snapshot;
        var budgets = snapshot.List("poddisruptionbudgets.policy", target.Namespace).Select(b => b.ToJsonObject())
            .Where(b => LabelSelector.FromJson(b["spec"]?["selector"]).Matches(labels)).ToList();
        if (budgets.Count > 1)
        {
            throw new StatusException(500, "InternalError", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        foreach (var budget in budgets)
        {
            var name = budget.Name();
            var selector = LabelSelector.FromJson(budget["spec"]?["selector"]);
            var matching = snapshot.List("pods", target.Namespace).Where(p => selector.Matches(p.Labels)).Select(p => p.ToJsonObject())
                .Where(p => ResourceOperations.Text(p, "status", "phase") is not ("Succeeded" or "Failed")).ToList();
            var healthy = matching.Count(p => p["metadata"]!["deletionTimestamp"] is null && IsReady(p));
            var desired = DesiredHealthy(budget, matching.Count);
            if (!IsReady(pod) && healthy >= desired)
            {
                continue;
            }

            if (healthy - 1 < desired)
            {
                var why = $"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently";
                throw ApiErrors.TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", new JsonObject
                {
                    ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = why }),
                });
            }
        }
    }

    private static int DesiredHealthy(JsonObject budget, int expected)
    {
        if (budget["spec"]?["minAvailable"] is { } min)
        {
            return Scaled(min, expected, roundUp: true);
        }

        return budget["spec"]?["maxUnavailable"] is { } max ? Math.Max(0, expected - Scaled(max, expected, roundUp: true)) : 0;
    }

    private static int Scaled(JsonNode value, int of, bool roundUp)
    {
        var text = value.ToString();
        if (!text.EndsWith('%'))
        {
            return int.TryParse(text, out var count) ? count : 0;
        }

        if (!int.TryParse(text.AsSpan(0, text.Length - 1), out var percent))
        {
            return 0;
        }

        return roundUp ? ((percent * of) + 99) / 100 : percent * of / 100;
    }

    private static bool IsReady(JsonObject pod) =>
        (pod["status"]?["conditions"] as JsonArray)?.OfType<JsonObject>()
        .Any(c => ResourceOperations.Text(c, "type") == "Ready" && ResourceOperations.Text(c, "status") == "True") == true;
}

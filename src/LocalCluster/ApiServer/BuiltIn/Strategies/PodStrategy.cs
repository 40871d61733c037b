using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Pods: defaults, a spec that hardly changes, and deletion with grace.</summary>
internal sealed class PodStrategy : ResourceStrategy
{
    private const string UpdateForbidden =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public override bool CountsGeneration => true;

    public override bool ReturnsDeletedObject => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        if (obj["spec"] is JsonObject spec)
        {
            PodDefaults.Admit(spec);
            ServiceAccountAdmission.Apply(obj, Account(context, spec));
            SetPriority(context, spec);
            obj["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = PodDefaults.QosClass(spec) };
        }
    }

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj) =>
        context.Subresource is null ? PodRules.Check(obj) : [];

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource is not null)
        {
            yield break;
        }

        if (!JsonNode.DeepEquals(Fixed(obj, old), Fixed(old, old)))
        {
            yield return FieldError.Forbidden("spec", UpdateForbidden);
        }
    }

    public override long? GracePeriod(JsonObject obj, long? requested)
    {
        var period = requested ?? obj.Integer("spec", "terminationGracePeriodSeconds") ?? 30;
        if (ResourceOperations.Text(obj, "spec", "nodeName").Length == 0
            || ResourceOperations.Text(obj, "status", "phase") is "Succeeded" or "Failed")
        {
            // There is no kubelet that would have anything to end.
            return 0;
        }

        // Who names no period asks nothing new of a pod that is on its way out, however long that takes.
        return requested is null && obj.Integer("metadata", "deletionGracePeriodSeconds") is { } begun ? begun
            : period < 0 ? 1
            : period;
    }

    // The part of the spec that may not change.
    private static JsonObject Fixed(JsonObject pod, JsonObject old)
    {
        var spec = (JsonObject)pod["spec"]!.DeepClone();
        spec.Remove("activeDeadlineSeconds");
        if (old.Integer("spec", "terminationGracePeriodSeconds") < 0)
        {
            spec.Remove("terminationGracePeriodSeconds");
        }

        foreach (var list in (string[])["containers", "initContainers"])
        {
            foreach (var container in (spec[list] as JsonArray)?.OfType<JsonObject>() ?? [])
            {
                container.Remove("image");
            }
        }

        // Tolerations may be added: those of the old pod must still be there.
        var before = (old["spec"]?["tolerations"] as JsonArray)?.ToList() ?? [];
        var now = (pod["spec"]?["tolerations"] as JsonArray)?.ToList() ?? [];
        if (before.All(b => now.Any(n => JsonNode.DeepEquals(b, n))))
        {
            spec.Remove("tolerations");
        }

        if (old["spec"]?["schedulingGates"] is JsonArray)
        {
            spec.Remove("schedulingGates");
            spec.Remove("nodeSelector");
        }

        return spec;
    }

    private static JsonObject Account(WriteContext context, JsonObject spec)
    {
        var account = ResourceOperations.Text(spec, "serviceAccountName");
        return context.Store.Get(new Store.StoreKey("serviceaccounts", context.Namespace, account))?.ToJsonObject()
            ?? throw ApiErrors.Forbidden("", "pods", context.Name, $"error looking up service account {context.Namespace}/{account}: serviceaccount \"{account}\" not found");
    }

    private static void SetPriority(WriteContext context, JsonObject spec)
    {
        var name = ResourceOperations.Text(spec, "priorityClassName");
        var value = 0L;
        var preemption = "PreemptLowerPriority";
        if (name is "system-cluster-critical" or "system-node-critical")
        {
            value = name == "system-node-critical" ? 2000001000 : 2000000000;
        }
        else if (name.Length > 0)
        {
            var priority = context.Store.Get(new Store.StoreKey("priorityclasses.scheduling.k8s.io", "", name))?.ToJsonObject()
                ?? throw ApiErrors.Forbidden("", "pods", context.Name, $"no PriorityClass with name {name} was found");
            value = priority.Integer("value") ?? 0;
            preemption = ResourceOperations.Text(priority, "preemptionPolicy") is { Length: > 0 } p ? p : preemption;
        }

        spec["priority"] = value;
        spec["preemptionPolicy"] ??= preemption;
    }
}

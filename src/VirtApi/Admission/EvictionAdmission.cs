using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>
/// Rules for evictions, pure. A launcher pod whose VMI can move is never evicted: the VMI is marked, the controller moves it, and
/// who drains the node tries again until the pod is gone. All refusals are 429, which is what drain loops wait out.
/// </summary>
public static class EvictionAdmission
{
    /// <summary>The VMI of a launcher pod that is still alive; null when the eviction is not our business.</summary>
    public static NamespacedName? GuardedVmi(Pod? pod)
    {
        if (pod is null
            || pod.Metadata.Label(Labels.App) != Labels.AppVirtLauncher
            || pod.Status?.Phase is PodPhases.Succeeded or PodPhases.Failed
            || pod.Metadata.Annotations?.GetValueOrDefault(Annotations.Domain) is not { Length: > 0 } name)
        {
            return null;
        }

        return new(pod.Metadata.Namespace ?? "", name);
    }

    public static EvictionDecision Decide(EvictionFacts facts)
    {
        if (GuardedVmi(facts.Pod) is not { } key)
        {
            return EvictionDecision.Allow;
        }

        if (IsForwarder(facts.Pod!, facts.Vmi))
        {
            return EvictionDecision.Allow;
        }

        if (facts.Vmi is not { } vmi)
        {
            return new($"kubevirt failed getting the vmi: {facts.VmiError}");
        }

        var migratable = vmi.Status?.Conditions.IsTrue(Conditions.LiveMigratable) == true;
        switch (vmi.Spec?.EvictionStrategy ?? facts.Cluster.EvictionStrategy)
        {
            case EvictionStrategies.LiveMigrate when !migratable:
                return new($"VMI {key.Name} is configured with an eviction strategy but is not live-migratable{Why(vmi)}");
            case EvictionStrategies.LiveMigrate or EvictionStrategies.External:
            case EvictionStrategies.LiveMigrateIfPossible when migratable:
                break;
            default:
                return EvictionDecision.Allow;
        }

        if (!string.IsNullOrEmpty(vmi.Status?.EvacuationNodeName))
        {
            return new($"Evacuation in progress: Eviction triggered evacuation of VMI \"{key}\"");
        }

        var node = facts.Pod!.Spec?.NodeName;
        return node != vmi.Status?.NodeName
            ? new("Eviction request for target Pod")
            : new($"Eviction triggered evacuation of VMI \"{key}\"", node);
    }

    /// <summary>
    /// The guest has left the pod, which only carries connections on that were made to it: there is nothing to move, though the guest may
    /// be back on this very node. Without its VMI a pod is believed only when it is being deleted, so that the eviction changes nothing.
    /// </summary>
    private static bool IsForwarder(Pod pod, VirtualMachineInstance? vmi)
    {
        var marked = pod.Metadata.Label(Labels.Forwarder) is not null;
        return vmi is null
            ? marked && pod.IsDeleting()
            : pod.Metadata.Uid is { Length: > 0 } uid && vmi.Status?.OwnerPodUID is { Length: > 0 } owner && uid != owner
                && (marked || (vmi.Status.MigrationState is { Completed: true } state && state.SourcePodUID == uid));
    }

    /// <summary>The reasons with their remedies, so that whoever drains the node need not look for them.</summary>
    private static string Why(VirtualMachineInstance vmi) =>
        vmi.Status?.Conditions.Find(Conditions.LiveMigratable) is { Status: Conditions.False } condition
            ? $": {condition.Reason}: {condition.Message}"
            : "";

    /// <summary>Whether the request is a rehearsal, by the request itself or by the options within the eviction.</summary>
    public static bool IsDryRun(AdmissionRequest request) =>
        request.DryRun || (request.Object.At("deleteOptions", "dryRun") is JsonArray { Count: > 0 });

    /// <summary>The descheduler asks: the move is then of the lowest priority.</summary>
    public static bool ByDescheduler(AdmissionRequest request) =>
        request.Object.Text("metadata", "annotations", "requested-by") == "sigs.k8s.io/descheduler";

    /// <summary>The patch that marks a VMI to leave a node.</summary>
    public static JsonArray Mark(VirtualMachineInstance vmi, string node, bool byDescheduler)
    {
        var patch = new JsonArray(JsonPatch.Add("/status/evacuationNodeName", node));
        if (byDescheduler)
        {
            if (vmi.Metadata.Annotations is null)
            {
                patch.Add((JsonNode)JsonPatch.Add("/metadata/annotations", new JsonObject()));
            }

            patch.Add((JsonNode)JsonPatch.Add(
                $"/metadata/annotations/{JsonPointer.Escape(Annotations.EvictionSource)}", Annotations.EvictionSourceDescheduler));
        }

        return patch;
    }
}

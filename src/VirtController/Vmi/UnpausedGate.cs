using System.Text.Json.Nodes;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// The readiness gate of launcher pods: Services send to the pod that owns a guest which is not paused. A migration's target is not one until the
/// guest is there, and a source is one until then. Pure.
/// </summary>
internal static class UnpausedGate
{
    private const string NotPaused = "NotPaused";

    /// <summary>The kubelet's reason for a pod that lacks nothing but its gates.</summary>
    private const string GatesNotReady = "ReadinessGatesNotReady";

    public static IReadOnlyList<PodReadinessGate> Gates { get; } = [new() { ConditionType = Conditions.VirtualMachineUnpaused }];

    /// <summary>What is to be said of the owner's pod; null when it has been said, or there is nothing to say.</summary>
    public static Condition? Due(VirtualMachineInstance vmi, Pod? owner, DateTimeOffset now)
    {
        if (vmi.Status?.Phase != VmiPhases.Running
            || owner is not { Spec.ReadinessGates: { } gates }
            || owner.IsFinished()
            || !gates.Any(static gate => gate.ConditionType == Conditions.VirtualMachineUnpaused))
        {
            return null;
        }

        var paused = IsPaused(vmi);
        var status = paused ? Conditions.False : Conditions.True;
        return owner.Status?.Conditions.Find(Conditions.VirtualMachineUnpaused)?.Status == status ? null : new Condition
        {
            Type = Conditions.VirtualMachineUnpaused,
            Status = status,
            Reason = paused ? Conditions.Paused : NotPaused,
            Message = paused ? "the virtual machine is paused" : "the virtual machine is not paused",
            LastTransitionTime = Timestamps.Seconds(now),
        };
    }

    /// <summary>Its pod is not ready only because it became the owner a moment ago, and the word about that is under way.</summary>
    public static bool IsUnderWay(VirtualMachineInstance vmi, Condition podReady) =>
        podReady is { Status: Conditions.False, Reason: GatesNotReady } && !IsPaused(vmi);

    /// <summary>A strategic merge patch of a pod's status.</summary>
    public static JsonObject Patch(Condition condition) => new()
    {
        ["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(System.Text.Json.JsonSerializer.SerializeToNode(condition, TypesJson.Default.Condition)),
        },
    };

    private static bool IsPaused(VirtualMachineInstance vmi) => vmi.Status?.Conditions.IsTrue(Conditions.Paused) == true;
}

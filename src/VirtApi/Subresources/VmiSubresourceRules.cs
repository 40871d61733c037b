using System.Text.Json;
using Godwit.Types;

namespace Godwit.VirtApi.Subresources;

/// <summary>
/// Which subresources of a VMI make sense in the state that it is in. Pure. Codes and texts are KubeVirt's
/// (pkg/virt-api/rest), its "VM is not running" for VMIs among them.
/// </summary>
public static class VmiSubresourceRules
{
    private const string VmNotRunning = "VM is not running";
    private const string VmiNotRunning = "VMI is not running";

    public static SubresourceRefusal? Pause(VirtualMachineInstance vmi) => vmi switch
    {
        _ when !IsRunning(vmi) => Conflict(vmi, VmNotRunning),
        { Spec.LivenessProbe: { ValueKind: JsonValueKind.Object } probe } when !probe.TryGetProperty("guestAgentPing", out _) =>
            SubresourceRefusal.Forbidden(vmi.Metadata.Name!, "Pausing VMIs with a non-GuestAgentPing LivenessProbe is not supported"),
        _ when Has(vmi, Conditions.Paused) => Conflict(vmi, "VMI is already paused"),
        _ => null,
    };

    public static SubresourceRefusal? Unpause(VirtualMachineInstance vmi) => vmi switch
    {
        _ when !IsRunning(vmi) => Conflict(vmi, VmiNotRunning),
        _ when !Has(vmi, Conditions.Paused) => Conflict(vmi, "VMI is not paused"),
        _ => null,
    };

    public static SubresourceRefusal? Reset(VirtualMachineInstance vmi) => vmi.IsHandedToHandler()
        ? null
        : SubresourceRefusal.BadRequest(
            $"Failed to reset non-running VMI with phase {vmi.Status?.Phase}: Unable to connect to VirtualMachineInstance because phase is {vmi.Status?.Phase} instead of Running or Scheduled");

    /// <summary>Only through an agent: QEMU's power button ends a guest and does not boot it anew.</summary>
    public static SubresourceRefusal? SoftReboot(VirtualMachineInstance vmi) => vmi switch
    {
        _ when !IsRunning(vmi) => Conflict(vmi, VmNotRunning),
        _ when vmi.Status!.Conditions.IsTrue(Conditions.Paused) => Conflict(vmi, "VMI is paused"),
        _ when Has(vmi, Conditions.AgentConnected) => null,
        { Spec.Domain.Features.Acpi.Enabled: false } => Conflict(vmi, "VMI neither have the agent connected nor the ACPI feature enabled"),
        _ => Conflict(vmi, "VMI does not have guest agent connected, and a soft reboot by ACPI is not offered; use reset"),
    };

    public static SubresourceRefusal? Vnc(VirtualMachineInstance vmi) => vmi switch
    {
        { Spec.Domain.Devices.AutoattachGraphicsDevice: false } => SubresourceRefusal.BadRequest("No graphics devices are present."),
        _ when !IsRunning(vmi) => SubresourceRefusal.BadRequest(VmiNotRunning),
        _ => null,
    };

    /// <summary>For everything that only a guest agent can tell.</summary>
    public static SubresourceRefusal? GuestAgent(VirtualMachineInstance vmi) => vmi switch
    {
        _ when !IsRunning(vmi) => Conflict(vmi, VmiNotRunning),
        _ when !Has(vmi, Conditions.AgentConnected) => Conflict(vmi, "VMI does not have guest agent connected"),
        _ => null,
    };

    private static bool IsRunning(VirtualMachineInstance vmi) => vmi.Status?.Phase == VmiPhases.Running;

    // KubeVirt asks whether the condition is there, whatever its status.
    private static bool Has(VirtualMachineInstance vmi, string condition) => vmi.Status?.Conditions.Find(condition) is not null;

    private static SubresourceRefusal Conflict(VirtualMachineInstance vmi, string why) => SubresourceRefusal.Conflict(vmi.Metadata.Name!, why);
}

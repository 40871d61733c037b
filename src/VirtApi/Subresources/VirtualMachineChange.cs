using System.Text.Json.Nodes;

namespace Godwit.VirtApi.Subresources;

/// <summary>What a user's wish about a virtual machine comes to: why not, or what is to be written.</summary>
public sealed record VirtualMachineChange
{
    public ChangeAnswer? Refusal { get; init; }

    /// <summary>The shorter time that the VMI gets to end.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary>Merge patch of the virtual machine itself.</summary>
    public JsonObject? Spec { get; init; }

    /// <summary>Merge patch of the virtual machine's status.</summary>
    public JsonObject? Status { get; init; }
}

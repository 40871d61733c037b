namespace Godwit.Types;

/// <summary>How many VMIs are to run, which count, and what they are made from.</summary>
public sealed record VirtualMachineInstanceReplicaSetSpec : ApiPart
{
    /// <summary>How many VMIs are to run; 1 when not given.</summary>
    public int? Replicas { get; init; }

    public LabelSelectorSpec? Selector { get; init; }

    public VirtualMachineInstanceTemplateSpec? Template { get; init; }

    /// <summary>While true no VMI is made and none removed.</summary>
    public bool? Paused { get; init; }
}

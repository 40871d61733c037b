namespace Godwit.Types;

/// <summary>How many VMIs there are.</summary>
public sealed record VirtualMachineInstanceReplicaSetStatus : ApiPart
{
    public int? Replicas { get; init; }

    public int? ReadyReplicas { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>The selector as text, for autoscalers.</summary>
    public string? LabelSelector { get; init; }
}

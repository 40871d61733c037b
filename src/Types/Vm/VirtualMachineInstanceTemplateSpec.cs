namespace Godwit.Types;

/// <summary>What VMIs are made from: their labels, their annotations and their spec.</summary>
public sealed record VirtualMachineInstanceTemplateSpec : ApiPart
{
    public ObjectMeta? Metadata { get; init; }

    public VirtualMachineInstanceSpec? Spec { get; init; }
}

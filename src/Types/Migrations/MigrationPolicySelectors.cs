namespace Godwit.Types;

/// <summary>Exact labels that namespace and VMI must carry.</summary>
public sealed record MigrationPolicySelectors : ApiPart
{
    public IReadOnlyDictionary<string, string>? NamespaceSelector { get; init; }

    public IReadOnlyDictionary<string, string>? VirtualMachineInstanceSelector { get; init; }
}

namespace Godwit.Cli.Install;

/// <summary>What must be known to say whether Godwit can be removed.</summary>
public sealed record RemovalFacts
{
    /// <summary>Whether the definitions of our kinds are there.</summary>
    public required bool Installed { get; init; }

    /// <summary>Whether our components run as pods; they do not where <c>godwit up</c> started them.</summary>
    public required bool AsPods { get; init; }

    /// <summary>Virtual machines of any kind, as <c>vmi default/demo</c>.</summary>
    public IReadOnlyList<string> VirtualMachines { get; init; } = [];
}

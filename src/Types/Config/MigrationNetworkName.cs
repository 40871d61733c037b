namespace Godwit.Types;

/// <summary>The network that <c>migrations.network</c> names.</summary>
/// <param name="Namespace">Where its NetworkAttachmentDefinition is.</param>
/// <param name="Name">The definition's name.</param>
public sealed record MigrationNetworkName(string Namespace, string Name)
{
    /// <summary>From <c>NAME</c>, which is in Godwit's namespace, or <c>NAMESPACE/NAME</c>; null when it is neither.</summary>
    public static MigrationNetworkName? Read(string text) => text.Split('/') switch
    {
        [var name] when Names.IsDnsSubdomain(name) => new(Installation.Namespace, name),
        [var ns, var name] when Names.IsDnsLabel(ns) && Names.IsDnsSubdomain(name) => new(ns, name),
        _ => null,
    };

    public override string ToString() => $"{Namespace}/{Name}";
}

namespace Godwit.Cli.Install;

/// <summary>What must be known of a cluster to say whether Godwit can be installed there.</summary>
public sealed record InstallFacts
{
    /// <summary>The server's version: major, minor and the whole text.</summary>
    public required (int Major, int Minor, string Text) Server { get; init; }

    /// <summary>Kinds of the manifests that the server does not know, and that the manifests do not define themselves.</summary>
    public IReadOnlyList<string> UnknownKinds { get; init; } = [];

    /// <summary>Where KubeVirt itself was found, as <c>deployment kubevirt/virt-operator</c>; null when it is not there.</summary>
    public string? KubeVirt { get; init; }

    /// <summary>Definitions of kinds that we bring too, made by somebody else.</summary>
    public IReadOnlyList<string> ForeignDefinitions { get; init; } = [];

    /// <summary>Versions in which objects are stored that the manifests' definitions do not serve, as <c>CRD: v9</c>.</summary>
    public IReadOnlyList<string> StoredVersions { get; init; } = [];

    /// <summary>What the user may not do and the installation needs, as <c>create clusterroles.rbac.authorization.k8s.io</c>.</summary>
    public IReadOnlyList<string> MissingRights { get; init; } = [];

    /// <summary>The version that is installed; null for none.</summary>
    public string? Installed { get; init; }
}

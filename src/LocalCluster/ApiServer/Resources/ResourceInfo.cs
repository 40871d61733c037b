namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>One resource of the API (all its versions), built in or from a CustomResourceDefinition.</summary>
public sealed record ResourceInfo
{
    /// <summary>Empty for the core group.</summary>
    public required string Group { get; init; }

    /// <summary>In order of preference: the first served one is the group's default for this resource.</summary>
    public required IReadOnlyList<ResourceVersionInfo> Versions { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string ListKind => _listKind ?? Kind + "List";

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public required bool Namespaced { get; init; }

    /// <summary>Verbs in discovery; also what is allowed over HTTP.</summary>
    public IReadOnlyList<string> Verbs { get; init; } = AllVerbs;

    /// <summary>Subresources beyond status and scale, by name, as discovery shows them.</summary>
    public IReadOnlyList<SubresourceInfo> Subresources { get; init; } = [];

    public ResourceStrategy Strategy { get; init; } = ResourceStrategy.Default;

    /// <summary>True for what a CustomResourceDefinition made: no strategic merge patch, structural schema errors.</summary>
    public bool Custom { get; init; }

    /// <summary>True while the definition is being deleted: nothing new may be created.</summary>
    public bool Terminating { get; init; }

    /// <summary>Another resource whose objects these are too (events.k8s.io shows the core events); null for most.</summary>
    public string? StoredAs { get; init; }

    /// <summary>The conversion that goes with <see cref="StoredAs"/>.</summary>
    public IStorageView? View { get; init; }

    /// <summary>Key of the objects in the store: <c>plural</c> or <c>plural.group</c>.</summary>
    public string StoreName => StoredAs ?? QualifiedName;

    /// <summary><c>pods</c>, <c>leases.coordination.k8s.io</c>.</summary>
    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public ResourceVersionInfo StorageVersion => Versions.FirstOrDefault(v => v.Storage) ?? Versions[0];

    public ResourceVersionInfo? Version(string name) => Versions.FirstOrDefault(v => v.Served && v.Name == name);

    /// <summary><c>v1</c> or <c>group/v1</c>.</summary>
    public string ApiVersion(string version) => Group.Length == 0 ? version : $"{Group}/{version}";

    public static readonly IReadOnlyList<string> AllVerbs =
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    private readonly string? _listKind;

    /// <summary>Names a list kind other than kind + "List".</summary>
    public string? ListKindOverride { init => _listKind = value; }
}

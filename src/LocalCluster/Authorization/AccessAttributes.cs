namespace Godwit.LocalCluster.Authorization;

/// <summary>What somebody wants to do: a verb on a resource, or on a path that is none.</summary>
public sealed record AccessAttributes
{
    /// <summary><c>get</c>, <c>list</c>, <c>watch</c>, <c>create</c>, <c>update</c>, <c>patch</c>, <c>delete</c>, <c>deletecollection</c>; for a path the method in lower case.</summary>
    public required string Verb { get; init; }

    /// <summary>Empty for the core group.</summary>
    public string Group { get; init; } = "";

    /// <summary>The plural; empty for a path.</summary>
    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    /// <summary>Empty at the cluster scope.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Empty where the request names no object.</summary>
    public string Name { get; init; } = "";

    /// <summary>Set for what is not a resource (<c>/healthz</c>); null for a resource.</summary>
    public string? Path { get; init; }

    /// <summary><c>pods/log</c>, or the resource alone.</summary>
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";
}

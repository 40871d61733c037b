namespace Godwit.Machinery;

/// <summary>How a patch document is to be understood.</summary>
public enum PatchKind
{
    /// <summary>RFC 6902: a list of operations.</summary>
    Json,

    /// <summary>RFC 7396: null deletes, lists are replaced.</summary>
    Merge,

    /// <summary>Kubernetes' own: lists are merged by key. Built-in kinds only.</summary>
    StrategicMerge,

    /// <summary>Server-side apply; needs a field manager.</summary>
    Apply,
}

/// <summary>Media types of the patches.</summary>
public static class PatchKinds
{
    /// <summary>Content type that carries patches of this kind.</summary>
    public static string MediaType(this PatchKind kind) => kind switch
    {
        PatchKind.Json => "application/json-patch+json",
        PatchKind.Merge => "application/merge-patch+json",
        PatchKind.StrategicMerge => "application/strategic-merge-patch+json",
        PatchKind.Apply => "application/apply-patch+yaml",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown patch kind."),
    };
}

namespace Godwit.Machinery;

/// <summary>What an informer caches, and how it keeps in touch.</summary>
public sealed record InformerOptions
{
    /// <summary>One namespace; null for all.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>A single object of a namespaced kind, which also those may follow who have no right to the others.</summary>
    public static InformerOptions One(NamespacedName name) => new() { Namespace = name.Namespace, FieldSelector = $"metadata.name={name.Name}" };

    /// <summary>How long one watch lasts; null: <see cref="ApiClientOptions.WatchDuration"/>.</summary>
    public TimeSpan? WatchDuration { get; init; }
}

namespace Godwit.Machinery;

/// <summary>Which objects to list, and from which version of the world.</summary>
public sealed record ListOptions
{
    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>Objects per page; 0 asks for all in one answer.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>Empty: the newest state. <c>0</c>: any state that the server has at hand.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary><c>Exact</c> or <c>NotOlderThan</c>.</summary>
    public string? ResourceVersionMatch { get; init; }

    /// <summary>Deadline of each page; never later than <see cref="ApiClientOptions.CallTimeout"/>, which holds where this is null.</summary>
    public TimeSpan? Patience { get; init; }
}

/// <summary>Which changes to watch, and from where.</summary>
public sealed record WatchOptions
{
    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>Changes after this version; empty: the present state first, then changes.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>The server is asked to end the watch after this time; null lets it choose.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>A watch that is silent for longer is broken off as dead; null never.</summary>
    public TimeSpan? Silence { get; init; }

    /// <summary>Deadline for the watch to begin; never later than <see cref="ApiClientOptions.CallTimeout"/>, which holds where this is null.</summary>
    public TimeSpan? Patience { get; init; }
}

/// <summary>What a list call saw: the objects, and the version of the world in which it saw them.</summary>
public sealed record ResourceList<T>(IReadOnlyList<T> Items, string ResourceVersion);

/// <summary>One answer of a list that comes in pages.</summary>
/// <param name="Items">The objects.</param>
/// <param name="ResourceVersion">Version of the world in which the list was read.</param>
/// <param name="Continue">Token for the next page; null at the end.</param>
/// <param name="Remaining">How many objects follow, if the server knows.</param>
public sealed record ResourcePage<T>(IReadOnlyList<T> Items, string ResourceVersion, string? Continue, long? Remaining);

/// <summary>What happened to a watched object.</summary>
public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing happened; the event only carries a newer version to go on from.</summary>
    Bookmark,
}

/// <summary>One event of a watch; <see cref="Object"/> is null in bookmarks only.</summary>
public sealed record WatchEvent<T>(WatchEventType Type, T? Object, ObjectIdentity Identity)
    where T : class;

/// <summary>Options of a pod's logs.</summary>
public sealed record PodLogOptions
{
    public string? Container { get; init; }

    public bool Follow { get; init; }

    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public int? TailLines { get; init; }

    public int? SinceSeconds { get; init; }

    public long? LimitBytes { get; init; }

    internal string Query() => new QueryString()
        .Add("container", Container)
        .Add("follow", Follow ? "true" : null)
        .Add("previous", Previous ? "true" : null)
        .Add("timestamps", Timestamps ? "true" : null)
        .Add("tailLines", TailLines?.ToString())
        .Add("sinceSeconds", SinceSeconds?.ToString())
        .Add("limitBytes", LimitBytes?.ToString())
        .ToString();
}

namespace Godwit.Machinery;

/// <summary>Options of create, replace and patch.</summary>
public sealed record WriteOptions
{
    /// <summary>Subresource to write, such as <c>status</c> or <c>eviction</c>.</summary>
    public string? Subresource { get; init; }

    /// <summary>Who owns the written fields; the user agent when not given.</summary>
    public string? FieldManager { get; init; }

    /// <summary>Take fields from other managers (server-side apply only).</summary>
    public bool Force { get; init; }

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>: what to do about unknown fields.</summary>
    public string? FieldValidation { get; init; }

    /// <summary>Validate and answer, but store nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Options that write the status subresource.</summary>
    public static WriteOptions Status { get; } = new() { Subresource = "status" };

    internal string Query(bool patch = false) => new QueryString()
        .Add("fieldManager", FieldManager)
        .Add("force", patch && Force ? "true" : null)
        .Add("fieldValidation", FieldValidation)
        .Add("dryRun", DryRun ? "All" : null)
        .ToString();
}

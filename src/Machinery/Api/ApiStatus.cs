using System.Text.Json.Serialization;

namespace Godwit.Machinery;

/// <summary>The <c>Status</c> document with which an API server explains a refusal.</summary>
public sealed record ApiStatus
{
    public string? Kind { get; init; }

    public string? ApiVersion { get; init; }

    public string? Status { get; init; }

    public int Code { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public ApiStatusDetails? Details { get; init; }
}

/// <summary>What a <c>Status</c> says about the object and its faulty fields.</summary>
public sealed record ApiStatusDetails
{
    public string? Name { get; init; }

    public string? Group { get; init; }

    public string? Kind { get; init; }

    public string? Uid { get; init; }

    public IReadOnlyList<ApiStatusCause>? Causes { get; init; }

    public int? RetryAfterSeconds { get; init; }
}

/// <summary>One faulty field of a refused object.</summary>
public sealed record ApiStatusCause
{
    [JsonPropertyName("reason")]
    public string? Type { get; init; }

    public string? Message { get; init; }

    public string? Field { get; init; }
}

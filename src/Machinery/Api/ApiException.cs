namespace Godwit.Machinery;

/// <summary>
/// A call to the API server that was refused (<see cref="Code"/> is the HTTP status) or that got no answer
/// (<see cref="Code"/> is 0: whether the server carried it out is unknown). The message names verb, resource and object.
/// </summary>
public sealed class ApiException : Exception
{
    public ApiException(ApiCall call, ApiStatus status)
        : base($"{call}: {Explain(status)}")
    {
        Call = call;
        Status = status;
    }

    public ApiException(ApiCall call, string message, Exception? inner, bool isTimeout = false)
        : base($"{call}: {message}", inner)
    {
        Call = call;
        Status = new ApiStatus { Message = message };
        IsTimeout = isTimeout;
    }

    /// <summary>What was asked of whom.</summary>
    public ApiCall Call { get; }

    /// <summary>The server's own words; built from the HTTP answer when it sent no <c>Status</c>.</summary>
    public ApiStatus Status { get; }

    /// <summary>HTTP status; 0 when no answer came.</summary>
    public int Code => Status.Code;

    /// <summary>Machine-readable reason, such as <c>AlreadyExists</c>.</summary>
    public string Reason => Status.Reason ?? "";

    /// <summary>No answer within the deadline.</summary>
    public bool IsTimeout { get; }

    /// <summary>No answer: connection refused, broken, or too slow.</summary>
    public bool IsUnreachable => Code == 0;

    public bool IsNotFound => Code == 404;

    public bool IsAlreadyExists => Code == 409 && Reason == "AlreadyExists";

    /// <summary>The object changed since it was read, or a JSON patch's <c>test</c> did not hold on such a change.</summary>
    public bool IsConflict => Code == 409 && Reason != "AlreadyExists";

    public bool IsInvalid => Code == 422;

    /// <summary>The refusal is about values of the object's own fields, and names them.</summary>
    public bool NamesFields => Status.Details?.Causes?.Any(static cause => !string.IsNullOrEmpty(cause.Field)) == true;

    /// <summary>The asked version is too old: list again.</summary>
    public bool IsGone => Code == 410;

    public bool IsForbidden => Code == 403;

    public bool IsTooManyRequests => Code == 429;

    private static string Explain(ApiStatus status)
    {
        var reason = string.IsNullOrEmpty(status.Reason) ? "" : $" {status.Reason}";
        return string.IsNullOrEmpty(status.Message)
            ? $"the server answered {status.Code}{reason}"
            : $"{status.Message} ({status.Code}{reason})";
    }
}

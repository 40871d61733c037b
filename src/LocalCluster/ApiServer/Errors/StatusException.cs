using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Errors;

/// <summary>An answer other than success: becomes a <c>Status</c> object with this code, reason and message.</summary>
public sealed class StatusException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;

    /// <summary>Empty for answers that Kubernetes leaves without a reason (internal surprises, mostly).</summary>
    public string Reason { get; } = reason;

    public JsonObject? Details { get; } = details;

    /// <summary>Sent as <c>Retry-After</c> when set.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>A token to go on with, in the metadata of an expired list.</summary>
    public string? Continue { get; init; }

    /// <summary>The object as it goes over the wire.</summary>
    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = Continue is null ? new JsonObject() : new JsonObject { ["continue"] = Continue },
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0)
        {
            status["reason"] = Reason;
        }

        if (Details is not null)
        {
            status["details"] = Details.DeepClone();
        }

        status["code"] = Code;
        return status;
    }
}

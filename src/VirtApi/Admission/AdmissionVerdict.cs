using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>What a webhook answers: yes, yes with changes, or no with a status that says why.</summary>
public sealed record AdmissionVerdict
{
    private AdmissionVerdict(bool allowed) => IsAllowed = allowed;

    /// <summary>Yes.</summary>
    public static AdmissionVerdict Allowed { get; } = new(allowed: true);

    public bool IsAllowed { get; }

    /// <summary>Changes to the object (RFC 6902); null for none.</summary>
    public JsonArray? Patch { get; private init; }

    public int Code { get; private init; }

    public string Reason { get; private init; } = "";

    public string Message { get; private init; } = "";

    public IReadOnlyList<FieldError> Causes { get; private init; } = [];

    /// <summary>Shown to the user whatever the answer is.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Yes, with changes if there are any.</summary>
    public static AdmissionVerdict Changed(JsonArray patch) =>
        patch.Count == 0 ? Allowed : new(allowed: true) { Patch = patch };

    /// <summary>Yes if there is nothing wrong with the object, else no with all that is.</summary>
    public static AdmissionVerdict Judge(IReadOnlyList<FieldError> errors)
    {
        var message = string.Join(", ", errors);
        return errors switch
        {
            [] => Allowed,
            // What is not about any field must not be shown as a list of fields.
            _ when errors.Any(static error => error.Path.Length == 0) => new(allowed: false) { Code = 403, Reason = "Forbidden", Message = message },
            _ => new(allowed: false) { Code = 422, Reason = "Invalid", Message = message, Causes = errors },
        };
    }

    /// <summary>No, in the way in which a disruption budget says it: clients that drain nodes try again later.</summary>
    public static AdmissionVerdict TooManyRequests(string message) =>
        new(allowed: false) { Code = 429, Reason = "TooManyRequests", Message = message };

    /// <summary>No: the object cannot be understood.</summary>
    public static AdmissionVerdict BadRequest(string message) =>
        new(allowed: false) { Code = 400, Reason = "BadRequest", Message = message };

    /// <summary>No: what the answer depends on cannot be found out now.</summary>
    public static AdmissionVerdict Failed(string message) =>
        new(allowed: false) { Code = 500, Reason = "InternalError", Message = message };

    /// <summary>The review to send back.</summary>
    public JsonObject ToReview(AdmissionRequest request)
    {
        var response = new JsonObject { ["uid"] = request.Uid, ["allowed"] = IsAllowed };
        if (Patch is not null)
        {
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Patch.ToJsonString()));
        }

        if (!IsAllowed)
        {
            response["status"] = Status(request);
        }

        if (Warnings.Count > 0)
        {
            response["warnings"] = new JsonArray([.. Warnings]);
        }

        return new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
    }

    private JsonObject Status(AdmissionRequest request)
    {
        var status = new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["code"] = Code,
            ["reason"] = Reason,
            ["message"] = Message,
        };
        if (Causes.Count > 0)
        {
            // Clients show the kind, the name and the causes, and then not the message: all that is to be read is here.
            status["details"] = new JsonObject
            {
                ["kind"] = request.Object.Text("kind") ?? "",
                ["name"] = request.Key.Name,
                ["causes"] = new JsonArray([.. Causes.Select(static cause => new JsonObject
                {
                    ["reason"] = cause.Reason,
                    ["message"] = cause.Advice,
                    ["field"] = cause.Path,
                })]),
            };
        }

        return status;
    }
}

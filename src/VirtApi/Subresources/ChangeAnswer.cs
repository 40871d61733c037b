using System.Text.Json.Nodes;

namespace Godwit.VirtApi.Subresources;

/// <summary>What a subresource that changes something answers: a code alone, or a Status that says why not.</summary>
public sealed record ChangeAnswer(int Code, string Reason = "", string Message = "")
{
    private const string Group = "kubevirt.io";

    public static ChangeAnswer Done { get; } = new(200);

    public static ChangeAnswer Accepted { get; } = new(202);

    /// <summary>Group, kind and name of the object that is meant, for clients that look at them.</summary>
    public (string Kind, string Name)? About { get; private init; }

    public static ChangeAnswer NotFound(string kind, string name) =>
        new(404, "NotFound", $"{kind}.{Group} \"{name}\" not found") { About = (kind, name) };

    public static ChangeAnswer Conflict(string kind, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind}.{Group} \"{name}\": {why}") { About = (kind, name) };

    public static ChangeAnswer BadRequest(string why) => new(400, "BadRequest", why);

    public static ChangeAnswer Failed(string why) => new(500, "InternalError", $"Internal error occurred: {why}");

    /// <summary>The Status to send; null for success, which has no body.</summary>
    public JsonObject? ToStatus()
    {
        if (Reason.Length == 0)
        {
            return null;
        }

        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
            ["code"] = Code,
        };
        if (About is { } about)
        {
            status["details"] = new JsonObject { ["name"] = about.Name, ["group"] = Group, ["kind"] = about.Kind };
        }

        return status;
    }
}

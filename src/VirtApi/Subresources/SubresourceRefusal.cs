using System.Text.Json.Nodes;
using Godwit.Types;

namespace Godwit.VirtApi.Subresources;

/// <summary>Why a subresource of a VMI is refused, in the words and with the code that clients of KubeVirt know.</summary>
public sealed record SubresourceRefusal(int Code, string Reason, string Message, string? Name = null)
{
    private const string Kind = "virtualmachineinstance";

    public static SubresourceRefusal Conflict(string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Kind}.{Kinds.Group} \"{name}\": {why}", name);

    public static SubresourceRefusal Forbidden(string name, string why) =>
        new(403, "Forbidden", $"{Kind}.{Kinds.Group} \"{name}\" is forbidden: {why}", name);

    public static SubresourceRefusal NotFound(string name) => new(404, "NotFound", $"{Kind}.{Kinds.Group} \"{name}\" not found", name);

    public static SubresourceRefusal BadRequest(string why) => new(400, "BadRequest", why);

    public static SubresourceRefusal Internal(string why) => new(500, "InternalError", $"Internal error occurred: {why}");

    /// <summary>The <c>Status</c> that carries it.</summary>
    public JsonObject ToStatus()
    {
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
        if (Name is not null)
        {
            status["details"] = new JsonObject { ["name"] = Name, ["group"] = Kinds.Group, ["kind"] = Kind };
        }

        return status;
    }
}

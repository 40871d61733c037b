using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.Simulation.Api;

/// <summary>What the API server answers to one request.</summary>
internal sealed record Answer(int Code, byte[] Body)
{
    public static Answer Ok(Stored stored, bool created = false) => new(created ? 201 : 200, stored.Text);

    public static Answer NotFound(string what) => Status(404, "NotFound", $"{what} not found");

    public static Answer Conflict(string what) =>
        Status(409, "Conflict", $"Operation cannot be fulfilled on {what}: the object has been modified; please apply your changes to the latest version and try again");

    public static Answer Status(int code, string reason, string message) => new(code, Encoding.UTF8.GetBytes(StatusText(code, reason, message)));

    public static string StatusText(int code, string reason, string message) => new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = code < 400 ? "Success" : "Failure",
        ["reason"] = reason,
        ["message"] = message,
        ["code"] = code,
    }.ToJsonString();
}

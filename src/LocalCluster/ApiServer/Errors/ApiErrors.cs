using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Errors;

/// <summary>The errors of the Kubernetes API, worded as kubectl users know them.</summary>
public static class ApiErrors
{
    public static StatusException NotFound(string group, string plural, string name) =>
        new(404, "NotFound", $"{Qualified(group, plural)} \"{name}\" not found", Details(group, plural, name));

    /// <summary>The path names no resource at all.</summary>
    public static StatusException NoSuchResource() =>
        new(404, "NotFound", "the server could not find the requested resource", new JsonObject());

    public static StatusException AlreadyExists(string group, string plural, string name) =>
        new(409, "AlreadyExists", $"{Qualified(group, plural)} \"{name}\" already exists", Details(group, plural, name));

    public static StatusException Conflict(string group, string plural, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(group, plural)} \"{name}\": {why}", Details(group, plural, name));

    public static StatusException Modified(string group, string plural, string name) =>
        Conflict(group, plural, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static StatusException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        var qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        // What was found twice is said once; the causes keep both.
        var sentences = errors.Select(static e => e.ToString()).Distinct(StringComparer.Ordinal).ToList();
        var text = sentences.Count == 1 ? sentences[0] : "[" + string.Join(", ", sentences) + "]";
        var details = Details(group, kind, name);
        details["causes"] = new JsonArray([.. errors.Select(JsonNode (e) => new JsonObject
        {
            ["reason"] = e.Reason,
            ["message"] = e.Message,
            ["field"] = e.Field,
        })]);
        return new StatusException(422, "Invalid", $"{qualified} \"{name}\" is invalid: {text}", details);
    }

    public static StatusException BadRequest(string message) => new(400, "BadRequest", message);

    public static StatusException Forbidden(string group, string plural, string name, string why, params JsonObject[] causes)
    {
        var details = Details(group, plural, name);
        if (causes.Length > 0)
        {
            details["causes"] = new JsonArray([.. causes]);
        }

        return new StatusException(403, "Forbidden", $"{Qualified(group, plural)}{(name.Length > 0 ? $" \"{name}\"" : "")} is forbidden: {why}", details);
    }

    public static StatusException MethodNotAllowed(string what) =>
        new(405, "MethodNotAllowed", what.Length == 0 ? "the server does not allow this method on the requested resource" : what, new JsonObject());

    public static StatusException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static StatusException UnsupportedMediaType(string message) => new(415, "UnsupportedMediaType", message);

    public static StatusException NotAcceptable(string message) => new(406, "NotAcceptable", message);

    /// <summary>A watch or a page whose revision was compacted away.</summary>
    public static StatusException Expired(string message) => new(410, "Expired", message);

    public static StatusException Internal(string message) =>
        new(500, "InternalError", "Internal error occurred: " + message, new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = message }) });

    public static StatusException NotImplemented(string message) => new(501, "NotImplemented", message);

    public static StatusException ServiceUnavailable(string message) => new(503, "ServiceUnavailable", message);

    /// <summary>Not now; with a time, when to ask again.</summary>
    public static StatusException TooManyRequests(string message, JsonObject? details = null, int? retryAfterSeconds = null)
    {
        if (retryAfterSeconds is { } seconds)
        {
            details ??= [];
            details["retryAfterSeconds"] = seconds;
        }

        return new(429, "TooManyRequests", message, details) { RetryAfterSeconds = retryAfterSeconds };
    }

    /// <summary>The disk that holds the store is full: nothing was written, and the client may try again once there is room.</summary>
    public static StatusException InsufficientStorage(string path) =>
        new(507, "InsufficientStorage", $"the cluster's store {path} cannot be written: the disk is full; nothing was changed, free some space and try again")
        {
            RetryAfterSeconds = 5,
        };

    private static string Qualified(string group, string plural) => group.Length == 0 ? plural : $"{plural}.{group}";

    private static JsonObject Details(string group, string kind, string name)
    {
        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        if (kind.Length > 0)
        {
            details["kind"] = kind;
        }

        return details;
    }
}

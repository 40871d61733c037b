using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>Options of delete.</summary>
public sealed record DeleteOptions
{
    /// <summary>Seconds that the object gets to end; 0 at once; null as the object says.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>.</summary>
    public string? PropagationPolicy { get; init; }

    /// <summary>Delete only the object with this UID: a namesake made since is left alone.</summary>
    public string? Uid { get; init; }

    /// <summary>Delete only the object at this version.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Validate and answer, but store nothing.</summary>
    public bool DryRun { get; init; }

    internal JsonObject ToJson()
    {
        var body = new JsonObject { ["kind"] = "DeleteOptions", ["apiVersion"] = "v1" };
        if (GracePeriodSeconds is { } grace)
        {
            body["gracePeriodSeconds"] = grace;
        }

        if (PropagationPolicy is not null)
        {
            body["propagationPolicy"] = PropagationPolicy;
        }

        if (Uid is not null || ResourceVersion is not null)
        {
            var preconditions = new JsonObject();
            if (Uid is not null)
            {
                preconditions["uid"] = Uid;
            }

            if (ResourceVersion is not null)
            {
                preconditions["resourceVersion"] = ResourceVersion;
            }

            body["preconditions"] = preconditions;
        }

        if (DryRun)
        {
            body["dryRun"] = new JsonArray("All");
        }

        return body;
    }
}

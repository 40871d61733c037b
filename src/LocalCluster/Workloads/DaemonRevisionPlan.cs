using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Workloads;

/// <summary>What is to be done about the saved templates of a daemon set.</summary>
/// <param name="Hash">The label of pods of the present template.</param>
internal sealed record DaemonRevisionPlan(string Hash)
{
    /// <summary>The present template, when it is not saved yet.</summary>
    public JsonObject? Creation { get; init; }

    /// <summary>The present template was saved before: it becomes the newest again.</summary>
    public (JsonObject Revision, long Number)? Renumbered { get; init; }

    /// <summary>Templates that nobody needs to go back to any more.</summary>
    public IReadOnlyList<JsonObject> Deletions { get; init; } = [];
}

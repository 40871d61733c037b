using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.Disruption;

/// <summary>What the budgets say to the eviction of a pod.</summary>
internal sealed record EvictionVerdict
{
    /// <summary>The answer to the client; null when the pod may go.</summary>
    public StatusException? Refusal { get; init; }

    /// <summary>The pod may go only as it is now: the verdict rests on its not being healthy.</summary>
    public bool AtThisRevision { get; init; }

    /// <summary>The budget that has a say, as it was read; null when none has.</summary>
    public JsonObject? Budget { get; init; }

    /// <summary>What the budget's status becomes before the pod may go; null when nothing is taken from it.</summary>
    public JsonObject? Spent { get; init; }
}

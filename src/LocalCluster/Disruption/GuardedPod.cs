using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Disruption;

/// <summary>What a budget must know of a pod that it selects.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsDeleting">It is on its way out.</param>
/// <param name="IsReady">It counts as healthy.</param>
/// <param name="Controller">UID of the object that controls it; null when nobody does.</param>
internal sealed record GuardedPod(string Name, bool IsDeleting, bool IsReady, string? Controller)
{
    public static GuardedPod Of(JsonObject pod) =>
        new(pod.Name(), pod.At("metadata", "deletionTimestamp") is not null, Ready(pod), ControllerOf(pod).Text("uid"));

    public static bool Ready(JsonObject pod) =>
        (pod.At("status", "conditions") as JsonArray)?.Any(c => c.Text("type") == "Ready" && c.Text("status") == "True") == true;

    /// <summary>The one owner reference that is marked as controller.</summary>
    public static JsonObject? ControllerOf(JsonObject pod) =>
        (pod.At("metadata", "ownerReferences") as JsonArray)?.OfType<JsonObject>().FirstOrDefault(o => o.Flag("controller") == true);
}

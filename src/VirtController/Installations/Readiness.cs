using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Whether the components work, as far as virt-controller, which says this, can see it. Pure.</summary>
/// <param name="Lacking">What keeps virtual machines from being made; none when all is well.</param>
/// <param name="Silent">Nodes whose agent was heard once, but not for too long; their guests may run all the same.</param>
public sealed record Readiness(IReadOnlyList<string> Lacking, IReadOnlyList<string> Silent)
{
    /// <param name="apiServices">The APIs that virt-api serves.</param>
    /// <param name="nodes">All nodes.</param>
    /// <param name="silence">For how long a node has not been heard; null: it never was.</param>
    public static Readiness Of(IReadOnlyList<JsonObject> apiServices, IReadOnlyList<Node> nodes, Func<Node, TimeSpan?> silence)
    {
        var lacking = new List<string>();
        if (apiServices.Count == 0)
        {
            lacking.Add("no APIService names virt-api: 'godwit upgrade' writes what is missing");
        }
        else if (apiServices.Select(Unavailable).OfType<string>().FirstOrDefault() is { } why)
        {
            lacking.Add(why);
        }

        if (!nodes.Any(static node => node.Metadata.Label(Labels.Schedulable) == "true"))
        {
            lacking.Add($"virt-handler is ready on none of {nodes.Count} nodes: 'kubectl get pods -n {Installation.Namespace} -l {Labels.App}=virt-handler' and its log say why");
        }

        return new(lacking, [.. nodes.Where(node => NodeDecisions.IsSilent(silence(node))).Select(static node => node.Metadata.Name!).Order(StringComparer.Ordinal)]);
    }

    private static string? Unavailable(JsonObject service)
    {
        var condition = (service.At("status", "conditions") as JsonArray ?? []).FirstOrDefault(static c => c.Text("type") == Conditions.Available);
        return condition.Text("status") == Conditions.True
            ? null
            : $"virt-api does not serve {service.Name()}: {condition.Text("message") ?? "the API server has not looked yet"}";
    }
}

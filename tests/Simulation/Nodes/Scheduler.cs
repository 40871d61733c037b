using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Simulation.Api;
using Godwit.Types;

namespace Godwit.Simulation.Nodes;

/// <summary>Binds launcher pods to nodes by the same rules by which virt-controller judges them; of several fit nodes one by chance.</summary>
internal sealed class Scheduler(World world)
{
    public void Take(NamespacedName key, string uid) => world.Clock.After(world.Between(0.02, 0.3), () => Bind(key, uid));

    private void Bind(NamespacedName key, string uid)
    {
        if (world.Server.Get(Kinds.Pod, key) is not { } stored || stored.Document.Uid() != uid || stored.Document.Text("spec", "nodeName") is not null)
        {
            return;
        }

        var pod = Json.Read(stored, TypesJson.Default.Pod);
        var others = world.Server.Of(Kinds.Pod).Objects.Values
            .Select(other => Json.Read(other, TypesJson.Default.Pod))
            .Where(other => other.Spec?.NodeName is not null && other.Status?.Phase is not (PodPhases.Succeeded or PodPhases.Failed))
            .Select(other => new PlacedPod(other, world.Server.Get(Kinds.Node, NamespacedName.Cluster(other.Spec!.NodeName!))!.Document.Labels()))
            .ToList();
        var fit = world.Nodes.Where(node => node.IsUp && Fits(pod, node, others)).ToList();
        if (fit.Count == 0)
        {
            world.Server.Change(Kinds.Pod, key, document => document["status"] = new JsonObject
            {
                ["phase"] = PodPhases.Pending,
                ["conditions"] = new JsonArray(new JsonObject
                {
                    ["type"] = "PodScheduled",
                    ["status"] = "False",
                    ["reason"] = Reasons.Unschedulable,
                    ["message"] = "no node fits",
                }),
            });
            world.Clock.After(10, () => Bind(key, uid));
            return;
        }

        var chosen = fit[world.Choose(fit.Count)];
        world.Server.Change(Kinds.Pod, key, document => document.Ensure("spec")["nodeName"] = chosen.Name);
        chosen.Take(world.Server.Get(Kinds.Pod, key)!);
    }

    private bool Fits(Pod pod, SimulatedNode node, IReadOnlyList<PlacedPod> others) => NodeFit.Judge(new NodeFitFacts
    {
        Node = Json.Read(world.Server.Get(Kinds.Node, NamespacedName.Cluster(node.Name))!, TypesJson.Default.Node),
        Selector = pod.Spec?.NodeSelector ?? new Dictionary<string, string>(),
        Tolerations = pod.Spec?.Tolerations ?? [],
        Affinity = pod.Spec?.Affinity,
        Namespace = pod.Metadata.Namespace ?? "",
        Others = others,
    }).Count == 0;
}

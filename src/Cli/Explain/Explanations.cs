using System.Text;
using Godwit.Cli.Output;
using Godwit.Types;

namespace Godwit.Cli.Explain;

/// <summary>The rules by which admission, agents and scheduler would judge a move, asked without making one. Pure.</summary>
public static class Explanations
{
    public static Explanation Of(ExplainFacts facts)
    {
        var vmi = facts.Vmi;
        var source = facts.Nodes.FirstOrDefault(node => node.Metadata.Name == vmi.Status?.NodeName);
        var judged = Migratability.Judge(new MigratabilityFacts
        {
            Vmi = vmi,
            Cluster = ClusterConfiguration.Default,
            ClaimAccessModes = facts.ClaimAccessModes,
            NodeKnowsHostModel = source?.Metadata.Labels is not { } labels
                || labels.Keys.Any(key => key.StartsWith(Labels.HostModelCpuPrefix, StringComparison.Ordinal)),
        });
        IReadOnlyList<ExplainedNode> nodes = [.. facts.Nodes.OrderBy(node => node.Metadata.Name, StringComparer.Ordinal).Select(node => Judge(facts, node, source))];
        var running = vmi.Status?.Phase == VmiPhases.Running && !vmi.IsDeleting();
        return new Explanation
        {
            Namespace = vmi.Metadata.Namespace ?? "",
            Name = vmi.Metadata.Name ?? "",
            Phase = vmi.Status?.Phase ?? "",
            Node = vmi.Status?.NodeName,
            Verdict = Verdict(vmi, judged, nodes),
            Movable = running && !vmi.IsMigrating() && judged.Migratable && nodes.Any(node => node.Fits),
            Method = judged.Method,
            Reasons = [.. judged.Obstacles.Select(obstacle => new ExplainedReason(obstacle.Reason, obstacle.Message, obstacle.Remedy))],
            Nodes = nodes,
        };
    }

    /// <summary>As it is printed.</summary>
    public static string Text(Explanation explanation)
    {
        var text = new StringBuilder();
        text.Append(explanation.Verdict).Append('\n');
        foreach (var reason in explanation.Reasons)
        {
            text.Append($"  {reason.Reason}: {reason.Message}\n    remedy: {reason.Remedy}\n");
        }

        text.Append($"method: {explanation.Method}\n\n");
        var table = new Columns("NODE", "FITS", "WHY NOT");
        foreach (var node in explanation.Nodes)
        {
            table.Add(node.Name, node.Fits ? "yes" : "no", string.Join("; ", node.Reasons));
        }

        return text.Append(table).ToString();
    }

    private static string Verdict(VirtualMachineInstance vmi, MigratabilityVerdict judged, IReadOnlyList<ExplainedNode> nodes)
    {
        var name = $"{vmi.Metadata.Namespace}/{vmi.Metadata.Name}";
        return vmi switch
        {
            _ when vmi.IsDeleting() => $"{name} cannot move: it is being deleted.",
            _ when vmi.Status?.Phase != VmiPhases.Running => $"{name} cannot move: it is {vmi.Status?.Phase ?? "not started"}, not Running.",
            _ when !judged.Migratable => $"{name} cannot move:",
            _ when vmi.IsMigrating() => $"{name} is moving to {vmi.Status!.MigrationState!.TargetNode} now.",
            _ when !nodes.Any(node => node.Fits) => $"{name} could move, but no node fits now.",
            _ => $"{name} can move from {vmi.Status!.NodeName}.",
        };
    }

    private static ExplainedNode Judge(ExplainFacts facts, Node node, Node? source)
    {
        var vmi = facts.Vmi;
        var owner = facts.Pods.FirstOrDefault(pod => pod.Metadata.Uid == vmi.Status?.OwnerPodUID);
        var reasons = NodeFit.Judge(new NodeFitFacts
        {
            Node = node,
            SourceNode = vmi.Status?.NodeName,
            Selector = TargetSelector.ForMigration(vmi, added: null, source),
            Tolerations = vmi.Spec?.Tolerations ?? [],
            Affinity = vmi.Spec?.Affinity,
            Namespace = vmi.Metadata.Namespace ?? "",
            Others = vmi.Spec?.Affinity is null ? [] : Placed(facts),
            Requests = owner is null ? new Dictionary<string, string>() : Requests(owner),
            Used = [.. facts.Pods.Where(pod => pod.Spec?.NodeName == node.Metadata.Name && !pod.IsFinished()).Select(Requests)],
        });
        return new ExplainedNode(node.Metadata.Name ?? "", reasons.Count == 0, reasons);
    }

    private static IReadOnlyList<PlacedPod> Placed(ExplainFacts facts)
    {
        var nodes = facts.Nodes.ToDictionary(
            node => node.Metadata.Name ?? "", node => node.Metadata.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        return
        [
            .. facts.Pods.Where(pod => !pod.IsFinished() && nodes.ContainsKey(pod.Spec?.NodeName ?? ""))
                .Select(pod => new PlacedPod(pod, nodes[pod.Spec!.NodeName!])),
        ];
    }

    /// <summary>What the pod's containers request together; a target asks for what the pod of now does.</summary>
    private static Dictionary<string, string> Requests(Pod pod)
    {
        var sums = new Dictionary<string, Machinery.Quantity>(StringComparer.Ordinal);
        foreach (var (resource, text) in (pod.Spec?.Containers ?? []).SelectMany(container => container.Resources?.Requests ?? new Dictionary<string, string>()))
        {
            if (Machinery.Quantity.TryParse(text, out var amount))
            {
                sums[resource] = sums.GetValueOrDefault(resource) + amount;
            }
        }

        return sums.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal);
    }
}

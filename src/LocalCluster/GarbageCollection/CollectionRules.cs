namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>What there is to collect: pure, from the graph alone.</summary>
internal static class CollectionRules
{
    /// <param name="graph">All objects at one revision.</param>
    /// <param name="isKnown">Whether a group and kind are served here: of owners that are not, nothing can be said.</param>
    public static IReadOnlyList<CollectionStep> Decide(ObjectGraph graph, Func<string, string, bool> isKnown)
    {
        var steps = new List<CollectionStep>();
        foreach (var node in graph.Concerned)
        {
            if (node.Owners.Count > 0)
            {
                Dependent(graph, node, isKnown, steps);
            }

            if (node.LetsDependentsGo)
            {
                var dependents = graph.Dependents(node.Uid);
                steps.AddRange(dependents.Count > 0
                    ? dependents.Select(d => new CollectionStep.DropOwners(d, [node.Uid]))
                    : [new CollectionStep.RemoveFinalizer(node, ObjectNode.Orphan)]);
            }

            if (node.WaitsForDependents && !graph.Dependents(node.Uid).Any(d => d.Owners.Any(o => o.Uid == node.Uid && o.Blocks)))
            {
                steps.Add(new CollectionStep.RemoveFinalizer(node, ObjectNode.Foreground));
            }
        }

        return steps;
    }

    private static void Dependent(ObjectGraph graph, ObjectNode node, Func<string, string, bool> isKnown, List<CollectionStep> steps)
    {
        var absent = new List<string>();
        var waiting = new List<string>();
        var solid = 0;
        foreach (var owner in node.Owners)
        {
            if (graph.Find(owner.Uid) is not { } found || !MayOwn(found, node))
            {
                if (isKnown(owner.Group, owner.Kind))
                {
                    absent.Add(owner.Uid);
                }
                else
                {
                    solid++;
                }
            }
            else if (found.WaitsForDependents)
            {
                waiting.Add(owner.Uid);
            }
            else
            {
                solid++;
            }
        }

        if (absent.Count + waiting.Count == 0)
        {
            return;
        }

        if (solid > 0)
        {
            steps.Add(new CollectionStep.DropOwners(node, [.. absent, .. waiting]));
        }
        else if (!node.Deleting)
        {
            var policy = waiting.Count > 0 && graph.Dependents(node.Uid).Count > 0 ? "Foreground"
                : node.Finalizers.Contains(ObjectNode.Orphan) ? "Orphan"
                : node.Finalizers.Contains(ObjectNode.Foreground) ? "Foreground"
                : "Background";
            steps.Add(new CollectionStep.Delete(node, policy));
        }
    }

    // An owner is in the same namespace or in none.
    private static bool MayOwn(ObjectNode owner, ObjectNode dependent) =>
        owner.Key.Namespace.Length == 0 || owner.Key.Namespace == dependent.Key.Namespace;
}

using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>
/// The next step of a deployment, from one replica set to the other: pure. The rules are those of Kubernetes' deployment
/// controller; a step ends where its outcome must be seen first.
/// </summary>
internal static class DeploymentDecision
{
    public static DeploymentPlan Decide(DeploymentFacts facts)
    {
        var round = new DeploymentRound(facts);
        if (facts.IsDeleting)
        {
            return round.Finish(isRollout: false);
        }

        round.NotePause();
        if (facts.IsPaused || round.IsScaling)
        {
            round.Number(create: false);
            Scale(facts, round);
            if (facts.IsPaused)
            {
                round.CleanUp();
            }

            return round.Finish(isRollout: false);
        }

        if (facts.Recreates)
        {
            Recreate(facts, round);
        }
        else
        {
            Roll(facts, round);
        }

        return round.Finish(isRollout: true);
    }

    private static void Recreate(DeploymentFacts facts, DeploymentRound round)
    {
        round.Number(create: false);
        var running = round.Old.Where(s => s.IsActive).ToList();
        foreach (var set in running)
        {
            round.Resize(set, 0);
        }

        // The new pods come when the last old one is gone.
        if (running.Count > 0 || round.Old.Any(s => s.Replicas > 0 || facts.SetsWithPods.Contains(s.Uid)))
        {
            return;
        }

        if (round.Newest is null)
        {
            round.Number(create: true);
        }

        round.Resize(round.Newest!, facts.Wanted);
        round.CleanUpWhenComplete();
    }

    private static void Roll(DeploymentFacts facts, DeploymentRound round)
    {
        round.Number(create: true);
        var newest = round.Newest!;
        var target = newest.Wanted > facts.Wanted ? facts.Wanted : RoomFor(facts, newest.Wanted, round.All.Sum(s => s.Wanted));
        if (round.Resize(newest, target))
        {
            return;
        }

        if (!ShrinkOld(facts, round, newest))
        {
            round.CleanUpWhenComplete();
        }
    }

    /// <summary>How large the newest set may be while others are still there.</summary>
    public static long RoomFor(DeploymentFacts facts, long size, long all)
    {
        if (facts.Recreates)
        {
            return facts.Wanted;
        }

        var most = facts.Wanted + RolloutBounds.Of(facts.Deployment).Surge;
        return all >= most ? size : size + Math.Min(most - all, facts.Wanted - size);
    }

    private static bool ShrinkOld(DeploymentFacts facts, DeploymentRound round, OwnedReplicaSet newest)
    {
        var all = round.All.Sum(s => s.Wanted);
        if (all == newest.Wanted)
        {
            return false;
        }

        var least = facts.Wanted - RolloutBounds.Of(facts.Deployment).Unavailable;
        var spare = all - least - (newest.Wanted - newest.Available);
        if (spare <= 0)
        {
            return false;
        }

        // Those that do not work are no loss.
        var shrunk = false;
        var left = spare;
        foreach (var set in round.Old.OrderBy(s => s.Created).Where(s => s.IsActive && s.Wanted > s.Available))
        {
            var fewer = Math.Min(left, set.Wanted - set.Available);
            left -= fewer;
            shrunk |= fewer > 0 && round.Resize(set, set.Wanted - fewer);
        }

        var available = round.All.Sum(s => s.Available);
        left = available - least;
        foreach (var set in round.Old.OrderBy(s => s.Created).Where(s => s.IsActive))
        {
            var fewer = Math.Min(set.Wanted, left);
            if (fewer > 0)
            {
                left -= fewer;
                shrunk |= round.Resize(set, set.Wanted - fewer);
            }
        }

        return shrunk;
    }

    // A change of scale in the middle of a rollout is shared out by size, so that the proportions stay.
    private static void Scale(DeploymentFacts facts, DeploymentRound round)
    {
        var active = round.All.Where(s => s.IsActive).ToList();
        if (active.Count <= 1)
        {
            if ((active.FirstOrDefault() ?? round.Newest ?? round.Old.MaxBy(s => s.Created)) is { } only)
            {
                round.Fit(only, facts.Wanted);
            }

            return;
        }

        if (round.Newest is { } newest && newest.Wanted == facts.Wanted && newest.Number(RolloutNotes.Desired) == facts.Wanted && newest.Available == facts.Wanted)
        {
            foreach (var old in round.Old.Where(s => s.IsActive))
            {
                round.Fit(old, 0);
            }

            return;
        }

        if (!facts.Recreates)
        {
            ShareOut(facts, round, active);
        }
    }

    private static void ShareOut(DeploymentFacts facts, DeploymentRound round, List<OwnedReplicaSet> active)
    {
        var most = facts.Wanted > 0 ? facts.Wanted + RolloutBounds.Of(facts.Deployment).Surge : 0;
        var toAdd = most - active.Sum(s => s.Wanted);
        var added = 0L;
        var sizes = new List<(OwnedReplicaSet Set, long Size)>();
        foreach (var set in toAdd > 0
            ? active.OrderByDescending(s => s.Wanted).ThenByDescending(s => s.Created)
            : active.OrderByDescending(s => s.Wanted).ThenBy(s => s.Created))
        {
            var share = Share(facts, set, toAdd, added);
            added += share;
            sizes.Add((set, set.Wanted + share));
        }

        for (var i = 0; i < sizes.Count; i++)
        {
            // What rounding left over goes to the largest one.
            round.Fit(sizes[i].Set, Math.Max(0, sizes[i].Size + (i == 0 ? toAdd - added : 0)));
        }
    }

    private static long Share(DeploymentFacts facts, OwnedReplicaSet set, long toAdd, long added)
    {
        if (set.Wanted == 0 || toAdd == 0 || toAdd == added)
        {
            return 0;
        }

        var share = Fraction(facts, set);
        return toAdd > 0 ? Math.Min(share, toAdd - added) : Math.Max(share, toAdd - added);
    }

    private static long Fraction(DeploymentFacts facts, OwnedReplicaSet set)
    {
        if (facts.Wanted == 0)
        {
            return -set.Wanted;
        }

        var before = set.Number(RolloutNotes.Most) is > 0 and var noted ? noted : facts.Deployment.Integer("status", "replicas") ?? 0;
        if (before == 0)
        {
            return 0;
        }

        var most = facts.Wanted + RolloutBounds.Of(facts.Deployment).Surge;
        return (long)Math.Round((double)set.Wanted * most / before, MidpointRounding.AwayFromZero) - set.Wanted;
    }
}

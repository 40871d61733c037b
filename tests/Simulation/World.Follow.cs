using Godwit.Machinery;
using Godwit.Simulation.Api;
using Godwit.Simulation.Qemu;
using Godwit.Types;

namespace Godwit.Simulation;

// What follows from changes in the API: the cluster's own parts, and the promises about what is written.
internal sealed partial class World
{
    private static readonly string Pods = Api.Path.ResourceOf(Kinds.Pod);
    private static readonly string Vmis = Api.Path.ResourceOf(Kinds.VirtualMachineInstance);
    private static readonly string Migrations = Api.Path.ResourceOf(Kinds.VirtualMachineInstanceMigration);
    private readonly List<(long From, long To, bool OfApi)> _faults = [];

    /// <summary>Seconds that a guest may stand still at a migration when nothing is wrong.</summary>
    public const double PlainPause = 2;

    /// <summary>Seconds that it may stand still beyond the time for which something was wrong.</summary>
    public const double PauseAfterFaults = 15;

    public double LongestPause { get; private set; }

    public int Succeeded { get; private set; }

    public int Failed { get; private set; }

    /// <summary>A guest has gone on after a pause.</summary>
    public void Paused(Guest guest, Machine copy, long since, double pause)
    {
        Trace($"guest {guest.Name} stood still for {pause:0.000} s");
        var now = Clock.Ticks;
        // The monitor may stop a guest whose memory does not come over otherwise.
        var allowed = PlainPause + (Plan.Disruption || Plan.PostCopy ? copy.Memory / (Bandwidth * 0.5) * 3 : 0);
        // A guest must not stand still for an API server that is silent, unless an order to move the record may be under way.
        var asked = Server.Swaps.GetValueOrDefault(new NamespacedName("default", guest.Name)) >= since;
        var near = _faults
            .Where(fault => (asked || !fault.OfApi) && fault.To >= since - TimeSpan.FromSeconds(PauseAfterFaults).Ticks && fault.From <= now)
            .ToList();
        if (near.Count > 0)
        {
            allowed += PauseAfterFaults + near.Sum(fault => TimeSpan.FromTicks(Math.Max(0, Math.Min(fault.To, now) - Math.Max(fault.From, since))).TotalSeconds);
        }
        else
        {
            LongestPause = Math.Max(LongestPause, pause);
        }

        if (pause > allowed)
        {
            Violate($"{guest.Name} stood still for {pause:0.0} s, of which only {allowed:0.0} s are explained");
        }
    }

    private void NoteFault(double seconds, bool ofApi = false) =>
        _faults.Add((Clock.Ticks, Clock.Ticks + TimeSpan.FromSeconds(seconds).Ticks, ofApi));

    private void Follow(Collection collection, Happening change)
    {
        if (collection.Resource == Pods)
        {
            FollowPod(change);
        }
        else if (collection.Resource == Vmis)
        {
            FollowVmi(change);
        }
        else if (collection.Resource == Migrations)
        {
            FollowMigration(change);
        }

        if (change.After is null)
        {
            Collect(change.Before!);
        }
    }

    private void FollowPod(Happening change)
    {
        var pod = (change.After ?? change.Before)!;
        var (key, uid) = (pod.Document.Key(), pod.Document.Uid());
        var node = Nodes.Find(node => node.Name == pod.Document.Text("spec", "nodeName"));
        if (change.After is null)
        {
            if (node is not null && node.Launchers.TryGetValue(uid, out var gone))
            {
                Clock.After(0.01, gone.Forget);
            }
        }
        else if (change.Before is null)
        {
            _scheduler.Take(key, uid);
        }
        else if (node is not null
            && change.After.Document.Integer("metadata", "deletionGracePeriodSeconds") is { } grace
            && change.Before.Document.Integer("metadata", "deletionGracePeriodSeconds") != grace)
        {
            Clock.After(Between(0.02, 0.3), () =>
            {
                if (node.Launchers.TryGetValue(uid, out var launcher))
                {
                    launcher.Terminate(grace);
                }
            });
        }
    }

    private void FollowVmi(Happening change)
    {
        if (change.After is null || change.Before is null)
        {
            return;
        }

        // Only what is looked at is read, for speed.
        var (before, after) = (change.Before.Document, change.After.Document);
        var (owner, wasOwner) = (after.Text("status", "ownerPodUID"), before.Text("status", "ownerPodUID"));
        var name = after.Name();
        if (wasOwner is not null && owner != wasOwner)
        {
            var state = before.At("status", "migrationState");
            Trace($"record of {name}: {wasOwner} -> {owner}");
            if (owner == state.Text("targetPodUID"))
            {
                if (state.Flag("abortRequested") == true)
                {
                    Violate($"{name} was handed over though an abort stood on record");
                }

                if (state.Flag("failed") == true)
                {
                    Violate($"{name} was handed over though the migration had failed on record");
                }
            }

            Happened("commit", name);
        }

        if (after.Text("metadata", "deletionTimestamp") is not null && before.Text("metadata", "deletionTimestamp") is null)
        {
            foreach (var launcher in Nodes.SelectMany(static node => node.Launchers.Values).Where(launcher => launcher.Machine?.Guest.Name == name))
            {
                launcher.WatchForRequest();
            }
        }

        if (after.At("status", "migrationState").Flag("abortRequested") == true && before.At("status", "migrationState").Flag("abortRequested") != true)
        {
            Happened("abort", name);
        }

        var phase = after.Text("status", "phase");
        if (phase != before.Text("status", "phase"))
        {
            Trace($"vmi {name} {phase}");
            if (phase is VmiPhases.Failed or VmiPhases.Succeeded
                && after.Text("metadata", "deletionTimestamp") is null
                && _guests.TryGetValue(after.Uid(), out var guest)
                && guest is { IsOver: false, Excused: false, Leaving: false })
            {
                Violate($"{name} was given up though its guest is alive");
            }
        }
    }

    private void FollowMigration(Happening change)
    {
        if (change.After is not { } after)
        {
            return;
        }

        var phase = after.Document.Text("status", "phase");
        var before = change.Before?.Document.Text("status", "phase");
        if (phase == before)
        {
            return;
        }

        var vmi = after.Document.Text("spec", "vmiName") ?? "";
        Trace($"migration {after.Document.Name()} of {vmi} {phase} ({after.Document.Text("status", "migrationState", "failureReason")})");
        if (before is MigrationPhases.Succeeded or MigrationPhases.Failed)
        {
            Violate($"migration {after.Document.Name()} went from {before} to {phase}");
        }

        Succeeded += phase == MigrationPhases.Succeeded ? 1 : 0;
        Failed += phase == MigrationPhases.Failed ? 1 : 0;
        CheckLimits();
        Happened($"phase:{phase}", vmi);
    }

    private void CheckLimits()
    {
        var running = Server.Of(Kinds.VirtualMachineInstanceMigration).Objects.Values
            .Select(stored => stored.Document)
            .Where(migration => migration.Text("status", "phase")
                is MigrationPhases.PreparingTarget or MigrationPhases.TargetReady or MigrationPhases.Running)
            .ToList();
        if (running.Count > Plan.PerCluster)
        {
            Violate($"{running.Count} migrations run, {Plan.PerCluster} may");
        }

        Check("sourceNode", Plan.PerNode, "from");
        Check("targetNode", Plan.Inbound, "to");

        void Check(string field, long limit, string direction)
        {
            foreach (var node in running.GroupBy(migration => migration.Text("status", "migrationState", field) ?? "", StringComparer.Ordinal))
            {
                if (node.Key.Length > 0 && node.Count() > limit)
                {
                    Violate($"{node.Count()} migrations run {direction} {node.Key}, {limit} may");
                }
            }
        }
    }

    /// <summary>The garbage collector: what belongs to something that is gone goes as well.</summary>
    private void Collect(Stored gone)
    {
        var uid = gone.Document.Uid();
        foreach (var kind in (ReadOnlySpan<ResourceKind>)[Kinds.Pod, Kinds.Secret])
        {
            foreach (var (key, stored) in Server.Of(kind).Objects)
            {
                if (stored.Document.At("metadata", "ownerReferences") is System.Text.Json.Nodes.JsonArray owners
                    && owners.Any(owner => owner.Text("uid") == uid))
                {
                    Clock.After(Between(0.1, 2), () => Server.Delete(kind, key));
                }
            }
        }
    }
}

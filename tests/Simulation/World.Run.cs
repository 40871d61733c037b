using Godwit.Machinery;
using Godwit.Simulation.Api;
using Godwit.Types;

namespace Godwit.Simulation;

// From the beginning to the end: the script, then the healing, then the clearing away.
internal sealed partial class World
{
    /// <summary>Everything that was begun must have come to its end so long after the last fault.</summary>
    private static readonly TimeSpan SettleDeadline = TimeSpan.FromMinutes(45);
    private static readonly TimeSpan ClearDeadline = TimeSpan.FromMinutes(15);
    private const double BeforeSteps = 10;

    /// <summary>What has ended a moment ago may be forgotten only when the next begins, for each node.</summary>
    private const int AtRest = 8;

    /// <summary>These have a limit of their own.</summary>
    private static readonly string[] Bounded = ["EventRecorder._known", "EventRecorder._budgets"];
    private readonly bool _measures;
    private bool _settling;

    /// <summary>Runs the script to its end, or to the first promise that is broken.</summary>
    public void Run()
    {
        Load();
        StartController();
        foreach (var node in Nodes)
        {
            Clock.After(Between(0.1, 1), node.StartAgent);
        }

        IReadOnlyDictionary<string, int>? before = null;
        if (_measures)
        {
            // Everything is up, and nothing has been asked for yet.
            RunUntil(TimeSpan.FromSeconds(BeforeSteps), static () => null);
            before = Remembered();
        }

        RunUntil(TimeSpan.FromHours(Plan.Hours), static () => null);
        Heal();
        RunUntil(SettleDeadline, Unsettled);
        Clear();
        RunUntil(ClearDeadline, Left);
        if (before is not null && Violation is null)
        {
            // What is remembered for minutes is not yet forgotten.
            RunUntil(TimeSpan.FromMinutes(30), static () => null);
            CheckMemory(before);
        }
    }

    private IReadOnlyDictionary<string, int> Remembered() => Footprint.Of([.. Clock.Pending, Server]);

    private void CheckMemory(IReadOnlyDictionary<string, int> before)
    {
        foreach (var (field, size) in Remembered())
        {
            if (size > before.GetValueOrDefault(field) + AtRest && !Bounded.Contains(field))
            {
                Violate($"everything is deleted, but {field} has grown from {before.GetValueOrDefault(field)} to {size}");
            }
        }
    }

    /// <summary>Until the time is over (which is all that is wanted when there is no reason), or the reason to wait has gone.</summary>
    private void RunUntil(TimeSpan limit, Func<string?> reason)
    {
        var end = Clock.Ticks + limit.Ticks;
        if (Violation is not null)
        {
            return;
        }

        var timed = reason() is null;
        var next = Clock.Ticks;
        Clock.At(end, static () => { });
        Clock.Run(() =>
        {
            if (Violation is not null || Clock.Ticks >= end)
            {
                return true;
            }

            if (timed || Clock.Ticks < next)
            {
                return false;
            }

            next = Clock.Ticks + TimeSpan.TicksPerSecond * 5;
            return reason() is null;
        });
        if (!timed && Violation is null && reason() is { } why)
        {
            Violate($"{limit.TotalMinutes:0} min after the last fault: {why}");
        }
    }

    private void Heal()
    {
        _settling = true;
        Trace("SETTLE");
        foreach (var node in Nodes)
        {
            Taint(node.Name, drain: false);
            node.PowerOn();
            node.StartAgent();
        }

        if (!Controller!.IsAlive)
        {
            StartController();
        }
    }

    private void Clear()
    {
        Trace("CLEAR");
        foreach (var migration in Server.Of(Kinds.VirtualMachineInstanceMigration).Objects.Keys.ToList())
        {
            Server.Delete(Kinds.VirtualMachineInstanceMigration, migration);
        }

        foreach (var vmi in Server.Of(Kinds.VirtualMachineInstance).Objects.Keys.ToList())
        {
            Server.Delete(Kinds.VirtualMachineInstance, vmi);
        }
    }

    /// <summary>What has not come to rest yet; null when all has.</summary>
    private string? Unsettled()
    {
        foreach (var (key, migration) in Server.Of(Kinds.VirtualMachineInstanceMigration).Objects)
        {
            if (!IsFinal(migration.Document))
            {
                return $"migration {key.Name} is {migration.Document.Text("status", "phase") ?? "new"}";
            }
        }

        foreach (var (key, stored) in Server.Of(Kinds.VirtualMachineInstance).Objects)
        {
            if (stored.Document.Text("metadata", "deletionTimestamp") is not null)
            {
                return $"{key.Name} is still being deleted";
            }

            if (Trouble(key, stored, stored.Document.Text("status", "phase") ?? "") is { } trouble)
            {
                return $"{key.Name} {trouble}";
            }
        }

        return Server.Of(Kinds.Secret).Objects.Count > 0 ? "certificates of migrations are left" : null;
    }

    private string? Trouble(NamespacedName key, Stored stored, string phase)
    {
        var guest = _guests.GetValueOrDefault(stored.Document.Uid());
        var pods = Server.Of(Kinds.Pod).Objects.Values.Count(pod =>
            pod.Document.Labels().GetValueOrDefault(Labels.CreatedBy) == stored.Document.Uid()
            && pod.Document.Text("status", "phase") is not (PodPhases.Succeeded or PodPhases.Failed));
        var copies = guest?.Copies.Count ?? 0;
        return phase switch
        {
            VmiPhases.Failed or VmiPhases.Succeeded when copies > 0 => $"is {phase} and {copies} QEMU are left",
            VmiPhases.Failed or VmiPhases.Succeeded when pods > 0 => $"is {phase} and {pods} launcher pods are left",
            VmiPhases.Failed or VmiPhases.Succeeded => null,
            _ when phase != VmiPhases.Running => $"is {phase}",
            _ when guest is null || guest.IsOver => "is Running, but has no guest",
            _ when !guest.IsRunning => "is Running, but its guest stands still",
            _ when copies > 1 => $"has {copies} QEMU",
            _ when pods != 1 => $"has {pods} launcher pods",
            _ when !guest.Copies.Exists(copy => copy.IsRunning && copy.PodUid == stored.Document.Text("status", "ownerPodUID")) =>
                "has a record that does not name the copy that runs",
            _ => null,
        };
    }

    /// <summary>What is left when everything has been deleted; null when nothing is.</summary>
    private string? Left()
    {
        foreach (var kind in (ReadOnlySpan<ResourceKind>)[Kinds.VirtualMachineInstanceMigration, Kinds.VirtualMachineInstance, Kinds.Pod, Kinds.Secret])
        {
            if (Server.Of(kind).Objects.Keys.FirstOrDefault() is { Name: not null } left)
            {
                return $"{kind.Plural} {left} is left";
            }
        }

        return _guests.Values.SelectMany(static guest => guest.Copies).FirstOrDefault() is { } machine ? $"QEMU of pod {machine.PodUid} is left" : null;
    }
}

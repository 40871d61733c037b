using System.Diagnostics;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>One migration as a user orders it, watched through the API.</summary>
internal sealed record GodwitHop(double TotalMs, MigrationState State, IReadOnlyList<(string Phase, double AtMs)> Phases)
{
    public static async Task<GodwitHop> RunAsync(TestCluster cluster, int number, CancellationToken ct, string guest = "demo")
    {
        var name = $"hop-{number}";
        var phases = new List<(string, double)>();
        var began = Stopwatch.GetTimestamp();
        await cluster.Api.CreateAsync(
            Kinds.VirtualMachineInstanceMigration,
            "default",
            new VirtualMachineInstanceMigration
            {
                ApiVersion = Kinds.VirtualMachineInstanceMigration.ApiVersion,
                Kind = Kinds.VirtualMachineInstanceMigration.Kind,
                Metadata = new ObjectMeta { Name = name, Namespace = "default" },
                Spec = new VirtualMachineInstanceMigrationSpec { VmiName = guest },
            },
            TypesJson.Default.VirtualMachineInstanceMigration,
            ct: ct);
        var end = await cluster.WatchAsync(
            Kinds.VirtualMachineInstanceMigration,
            TypesJson.Default.VirtualMachineInstanceMigration,
            name,
            seen =>
            {
                var phase = seen.Status?.Phase ?? "";
                if (phase.Length > 0 && (phases.Count == 0 || phases[^1].Item1 != phase))
                {
                    phases.Add((phase, Stopwatch.GetElapsedTime(began).TotalMilliseconds));
                }

                return phase is "Succeeded" or "Failed";
            },
            ct);
        var total = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        // What the target's agent told at the end is in the VMI; the migration's copy follows.
        var state = (await cluster.GuestAsync(ct, guest)).Status?.MigrationState ?? new MigrationState();
        return end.Status?.Phase == "Succeeded"
            ? new GodwitHop(total, state, phases)
            : throw new InvalidOperationException($"migration {name} failed: {state.FailureReason}");
    }
}

using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;

namespace Godwit.Tests.E2E.Document;

/// <summary>Counts how many migrations of one namespace are under way at the same time.</summary>
internal sealed class AtOnce : IDisposable
{
    private static readonly string[] Active =
        [MigrationPhases.Scheduling, MigrationPhases.Scheduled, MigrationPhases.PreparingTarget, MigrationPhases.TargetReady, MigrationPhases.Running];

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromMinutes(2));

    private AtOnce(ClusterFixture cluster, string @namespace, string from, int all) => Most = CountAsync(cluster, @namespace, from, all, _deadline.Token);

    /// <summary>The highest number that was seen until all had ended.</summary>
    public Task<int> Most { get; }

    /// <summary>Counts from now on.</summary>
    public static async Task<AtOnce> WatchAsync(ClusterFixture cluster, string @namespace, int all)
    {
        (await cluster.KubectlAsync(["delete", "vmim", "--all", "-n", @namespace])).Ok();
        var list = await cluster.Api.ListAsync(Kinds.VirtualMachineInstanceMigration, @namespace);
        return new(cluster, @namespace, list.ResourceVersion, all);
    }

    public void Dispose() => _deadline.Dispose();

    private static async Task<int> CountAsync(ClusterFixture cluster, string @namespace, string from, int all, CancellationToken ct)
    {
        var phases = new Dictionary<string, string>(StringComparer.Ordinal);
        var most = 0;
        await foreach (var change in cluster.Api.WatchAsync(Kinds.VirtualMachineInstanceMigration, @namespace, new() { ResourceVersion = from }, ct))
        {
            if (change.Type is WatchEventType.Bookmark)
            {
                continue;
            }

            phases[change.Object.Name()] = change.Object.Text("status", "phase") ?? "";
            most = Math.Max(most, phases.Values.Count(Active.Contains));
            if (phases.Values.Count(static p => p is MigrationPhases.Succeeded or MigrationPhases.Failed) == all)
            {
                break;
            }
        }

        return most;
    }
}

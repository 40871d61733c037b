using System.Diagnostics;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>What Godwit's processes need while nothing happens: with no guest, and with fifty on one node.</summary>
internal static class FootprintBench
{
    private const int Guests = 50;
    private const int AtOnce = 4;
    private const string Crowded = "node01";
    private const string Other = "node02";
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    public static async Task IdleAsync(TestCluster cluster, Report report, CancellationToken ct)
    {
        await Task.Delay(Settling, TimeProvider.System, ct);
        await LookAsync(cluster, "idle", report, ct);
        report.Add("idle, sum of RSS", "MiB", cluster.Processes().Sum(p => p.Rss), 350);
        report.Add("idle, sum of PSS", "MiB", cluster.Processes().Sum(p => p.Pss));
    }

    public static async Task CrowdAsync(TestCluster cluster, Report report, CancellationToken ct)
    {
        var names = Enumerable.Range(0, Guests).Select(static i => $"crowd-{i}").ToArray();
        await SetUnschedulableAsync(cluster, true, ct);
        try
        {
            var began = Stopwatch.GetTimestamp();
            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
            {
                while (Interlocked.Increment(ref next) is var i && i < Guests)
                {
                    await cluster.CreateGuestAsync(names[i], Tiny, ct);
                }
            }));
            report.Add($"{Guests} guests on a node, all Running", "ms", Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await Task.Delay(2 * Settling, TimeProvider.System, ct);
            await LookAsync(cluster, $"{Guests} guests", report, ct);
            var handler = cluster.Processes().First(static p => IsHandlerOf(p.Command, Crowded));
            report.Add($"virt-handler with {Guests} guests, RSS", "MiB", handler.Rss, 120);
            var launchers = cluster.Processes().Where(static p => Program(p.Command) == "virt-launcher").ToList();
            foreach (var launcher in launchers)
            {
                report.Add($"virt-launcher with {Guests} guests, RSS of each", "MiB", launcher.Rss, 15);
            }
        }
        finally
        {
            await SetUnschedulableAsync(cluster, false, CancellationToken.None);
        }

        await Task.WhenAll(names.Select(name => cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, new NamespacedName("default", name), ct: ct)));
    }

    /// <summary>Memory, and processor time over a while, of each of Godwit's own programs.</summary>
    private static async Task LookAsync(TestCluster cluster, string moment, Report report, CancellationToken ct)
    {
        var before = cluster.Processes().Where(static p => !IsGuest(p.Command)).ToDictionary(static p => p.Pid, static p => (p.Command, Cpu: CpuTimes.Of(p.Pid)));
        var began = Stopwatch.GetTimestamp();
        await Task.Delay(Watched, TimeProvider.System, ct);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var sum = 0.0;
        foreach (var process in cluster.Processes().Where(p => before.ContainsKey(p.Pid) && Program(p.Command) != "virt-launcher" && Program(p.Command) != "conmon"))
        {
            var percent = 100 * ((CpuTimes.Of(process.Pid) ?? 0) - (before[process.Pid].Cpu ?? 0)) / took;
            sum += percent;
            report.Add($"{moment}, RSS of {Words(process.Command)}", "MiB", process.Rss);
            report.Add($"{moment}, CPU of {Words(process.Command)}", "%", percent);
        }

        report.Add($"{moment}, CPU of all of these together", "%", sum);
    }

    private static bool IsGuest(string command) => Program(command).StartsWith("qemu-system", StringComparison.Ordinal);

    private static bool IsHandlerOf(string command, string node) =>
        command.Contains(" handler ", StringComparison.Ordinal) && command.Contains(node, StringComparison.Ordinal);

    private static string Program(string command) => Path.GetFileName(command.Split(' ')[0]);

    /// <summary>The program, its role, and its node where it has one.</summary>
    private static string Words(string command)
    {
        var words = command.Split(' ');
        var node = words.SkipWhile(static word => word != "--node").ElementAtOrDefault(1);
        return string.Join(' ', words.Take(2).Select(static word => Path.GetFileName(word)).Append(node).Where(static word => word is { Length: > 0 }));
    }

    private static void Tiny(JsonObject manifest)
    {
        var spec = manifest["spec"]!.AsObject();
        spec.Remove("networks");
        spec.Remove("volumes");
        var domain = spec["domain"]!.AsObject();
        domain["memory"]!["guest"] = "96Mi";
        // A node of the local cluster has the machine's processors and half of its memory: fifty fit when they ask for little.
        domain["resources"] = new JsonObject
        {
            ["requests"] = new JsonObject { ["cpu"] = "10m", ["memory"] = "64Mi" },
            ["overcommitGuestOverhead"] = true,
        };
        domain["firmware"]!["kernelBoot"]!["kernelArgs"] = "console=ttyS0 quiet no_timer_check mg.verify=0 mg.tick=1000";
        domain["devices"] = new JsonObject { ["autoattachGraphicsDevice"] = false, ["autoattachPodInterface"] = false };
    }

    private static Task SetUnschedulableAsync(TestCluster cluster, bool cordoned, CancellationToken ct) => cluster.Api.PatchAsync(
        Kinds.Node,
        NamespacedName.Cluster(Other),
        PatchKind.Merge,
        new JsonObject { ["spec"] = new JsonObject { ["unschedulable"] = cordoned ? true : null } },
        ct: ct);
}

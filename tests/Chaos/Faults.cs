using System.Globalization;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;

namespace Godwit.Chaos;

/// <summary>The kinds of faults.</summary>
internal static class Faults
{
    private static readonly Step[] Always = Enum.GetValues<Step>();

    /// <summary>Certificates are made anew and heartbeats told within two seconds of a step; the rest is for a busy machine.</summary>
    private static readonly TimeSpan WelcomeLimit = TimeSpan.FromSeconds(15);

    /// <summary>A node that a step has closed is open again with its next heartbeat, 72 s later at most.</summary>
    private static readonly TimeSpan LastWelcome = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(500);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("kill the API server", (s, _) => KillAsync(s, "cluster")) { Steps = Always },
        new("kill virt-controller", (s, _) => KillAsync(s, "controller")) { Steps = Always },
        new("kill the source's virt-handler", (s, _) => KillAsync(s, Handler(s.SourceNode))) { Steps = Always },
        new("kill the target's virt-handler", (s, _) => KillAsync(s, Handler(s.TargetNode))) { Steps = Always },
        new("hang the API server", (s, ct) => HangAsync(s, "cluster", ct)) { Steps = Always },
        new("hang virt-controller", (s, ct) => HangAsync(s, "controller", ct)),
        new("hang the source's virt-handler", (s, ct) => HangAsync(s, Handler(s.SourceNode), ct)),
        new("hang the target's virt-handler", (s, ct) => HangAsync(s, Handler(s.TargetNode), ct)),
        new("kill the target's QEMU", (s, _) => KillInPodAsync(s, s.TargetPod, PodProcesses.Qemu)) { IsDeadly = true, StrikesTarget = true },
        new("kill the target's launcher", (s, _) => KillInPodAsync(s, s.TargetPod, PodProcesses.Launcher)) { IsDeadly = true, StrikesTarget = true },
        new("kill the source's QEMU", (s, _) => KillInPodAsync(s, s.SourcePod, PodProcesses.Qemu)) { IsDeadly = true },
        new("kill the source's launcher", (s, _) => KillInPodAsync(s, s.SourcePod, PodProcesses.Launcher)) { IsDeadly = true },
        new("hang the target's QEMU", (s, ct) => HangInPodAsync(s, s.TargetPod, PodProcesses.Qemu, ct)),
        new("hang the source's QEMU", (s, ct) => HangInPodAsync(s, s.SourcePod, PodProcesses.Qemu, ct)),
        new("hang the target's launcher", (s, ct) => HangInPodAsync(s, s.TargetPod, PodProcesses.Launcher, ct)),
        new("hang the source's launcher", (s, ct) => HangInPodAsync(s, s.SourcePod, PodProcesses.Launcher, ct)),
        new("cut the link", (s, ct) => LinkAsync(s, LinkFault.Cut, ct)) { Steps = [Step.Copying, Step.Switching], IsDeadlyInPostCopy = true },
        new("half-open link", (s, ct) => LinkAsync(s, LinkFault.HalfOpen, ct)) { Steps = [Step.Copying, Step.Switching], IsDeadlyInPostCopy = true },
        new("throttled link", (s, ct) => LinkAsync(s, LinkFault.Throttled, ct)) { Steps = [Step.Copying, Step.Switching] },
        new("reset connections", (s, ct) => LinkAsync(s, LinkFault.Reset, ct)) { Steps = [Step.Copying, Step.Switching], IsDeadlyInPostCopy = true },
        new("late packets", (s, ct) => LinkAsync(s, LinkFault.Late, ct)) { Steps = [Step.Copying, Step.Switching] },
        new("step virt-controller's clock", (s, ct) => StepClockAsync(s, "controller", ct)) { Steps = Always },
        new("step the source's clock", (s, ct) => StepClockAsync(s, Handler(s.SourceNode), ct)),
        new("step the target's clock", (s, ct) => StepClockAsync(s, Handler(s.TargetNode), ct)),
        new("disk full", DiskFullAsync) { Steps = Always, SilencesLogs = true },
        new("delete the migration", (s, _) => DeleteAsync(s, "vmim", s.Migration)) { Steps = Always },
        new("delete the target's pod", (s, _) => DeleteAsync(s, "pod", s.Vmi.Text("status", "migrationState", "targetPod"))) { IsDeadly = true, StrikesTarget = true },
        new("delete the source's pod", (s, _) => DeleteAsync(s, "pod", s.Vmi.Text("status", "migrationState", "sourcePod"))) { IsDeadly = true },
        new("delete the guest", (s, _) => DeleteAsync(s, "vmi", s.Guest.Name.Name)) { Steps = Always, IsDeadly = true },
    ];

    private static string? Handler(string? node) => node is null ? null : $"handler-{node}";

    private static Task<string?> KillAsync(Scene scene, string? process) =>
        SignalAsync(process is null ? null : scene.Cluster.State.ReadProcess(process)?.Pid, "-KILL");

    private static Task<string?> KillInPodAsync(Scene scene, string? pod, string name) =>
        SignalAsync(pod is null ? null : PodProcesses.InPod(pod, name), "-KILL");

    private static async Task<string?> SignalAsync(int? pid, string signal)
    {
        if (pid is not { } known)
        {
            return null;
        }

        var outcome = await Tool.RunAsync("/bin/kill", [signal, known.ToString(CultureInfo.InvariantCulture)], TimeSpan.FromSeconds(5));
        return outcome.Code == 0 ? "" : null;
    }

    private static Task<string?> HangAsync(Scene scene, string? process, CancellationToken ct) =>
        HangAsync(scene, process is null ? null : scene.Cluster.State.ReadProcess(process)?.Pid, ct);

    private static Task<string?> HangInPodAsync(Scene scene, string? pod, string name, CancellationToken ct) =>
        HangAsync(scene, pod is null ? null : PodProcesses.InPod(pod, name), ct);

    private static async Task<string?> HangAsync(Scene scene, int? pid, CancellationToken ct)
    {
        if (pid is not { } known || await SignalAsync(known, "-STOP") is null)
        {
            return null;
        }

        // Most hang for a moment, a few for longer than any deadline of a switchover.
        var length = scene.Between(0.1, scene.Random.Next(4) == 0 ? 12 : 3);
        try
        {
            await Task.Delay(length, TimeProvider.System, ct);
        }
        finally
        {
            await SignalAsync(known, "-CONT");
        }

        return Seconds(length);
    }

    private static async Task<string?> LinkAsync(Scene scene, LinkFault fault, CancellationToken ct)
    {
        if (scene.SourcePod is not { } pod || PodProcesses.InPod(pod, PodProcesses.Qemu) is not { } pid)
        {
            return null;
        }

        var length = scene.Between(0.5, 8);
        await using var link = await Link.HurtAsync(pid, fault);
        await Task.Delay(length, TimeProvider.System, ct);
        return Seconds(length);
    }

    /// <summary>Forth or back, by so little that only time-outs notice or by so much that no certificate is valid.</summary>
    private static async Task<string?> StepClockAsync(Scene scene, string? process, CancellationToken ct)
    {
        if (process is null || scene.Cluster.Clocks is not { } clocks)
        {
            return null;
        }

        var by = scene.Random.Next(2) == 0 ? scene.Between(20, 900) : scene.Between(7200, 400 * 86400.0);
        var done = await clocks.StepAsync(process, scene.Random.Next(2) == 0 ? by : -by, scene.Between(2, 10), ct);
        // Certificates made meanwhile are worth nothing; users are to be welcome again soon.
        await UntilWelcomeAsync(scene, ct);
        return done;
    }

    /// <summary>Waits until migrations are judged and all nodes are open. That it takes long is a violation; that it takes for ever ends the run.</summary>
    private static async Task UntilWelcomeAsync(Scene scene, CancellationToken ct)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LastWelcome);
        while (!await IsJudgedAsync(scene, limit.Token) || !await AreNodesOpenAsync(scene.Cluster.Api, limit.Token))
        {
            await Task.Delay(Glance, TimeProvider.System, limit.Token);
        }

        if (TimeProvider.System.GetElapsedTime(began) is var took && took > WelcomeLimit)
        {
            scene.Seen.Add(new(ViolationKind.Stuck, $"after a step of a clock nodes were closed, or migrations not judged, {Seconds(took)}"));
        }
    }

    /// <summary>Asks for a migration without meaning it: it is to be judged, by a refusal as well as by a consent.</summary>
    private static async Task<bool> IsJudgedAsync(Scene scene, CancellationToken ct)
    {
        try
        {
            await MigrationRequest.CreateAsync(scene.Cluster.Api, scene.Guest.Name, node: null, ct, dryRun: true);
            return true;
        }
        catch (ApiException e)
        {
            return e.Code is >= 400 and < 500;
        }
    }

    private static async Task<bool> AreNodesOpenAsync(ApiClient api, CancellationToken ct) =>
        (await api.ListAsync(Kinds.Node, ct: ct)).Items.All(static node => node.At("metadata", "labels")?[Labels.Schedulable]?.GetValue<string>() == "true");

    private static async Task<string?> DiskFullAsync(Scene scene, CancellationToken ct)
    {
        var length = scene.Between(1, 6);
        await using (await Ballast.FillAsync(ChaosCluster.Disk))
        {
            await Task.Delay(length, TimeProvider.System, ct);
        }

        return Seconds(length);
    }

    private static async Task<string?> DeleteAsync(Scene scene, string kind, string? name) => name is null
        ? null
        : (await scene.Cluster.KubectlAsync(["delete", kind, name, "-n", scene.Guest.Name.Namespace, "--wait=false"], limit: TimeSpan.FromSeconds(20))).Code == 0
            ? ""
            : null;

    private static string Seconds(TimeSpan length) => string.Create(CultureInfo.InvariantCulture, $"for {length.TotalSeconds:0.0} s");
}

using System.Text.Json.Nodes;
using Godwit.Cli.Demo;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Tests.E2E.Support;
using Godwit.Types;

namespace Godwit.Chaos;

/// <summary>Judges from outside: by the guest's own words, by the machine's processes, and by asking each QEMU.</summary>
internal static class Witness
{
    /// <summary>Ticks (10 ms each) of a console's tail that a killed process may take with it.</summary>
    private const long TolerableTicks = 100;

    private static readonly string Resolved = Launcher.FolderPath.Replace("/var/run/", "/run/", StringComparison.Ordinal);

    private static readonly QmpClientOptions Options = new() { ConnectDeadline = TimeSpan.FromSeconds(10), CommandDeadline = TimeSpan.FromSeconds(10) };

    /// <summary>What the guest's console tells against us; when its log could not be written for a while, not that ticks are missing in it.</summary>
    public static IEnumerable<Violation> OfConsole(GuestConsole console, bool hasHoles)
    {
        if (console.RepeatedTicks > 0)
        {
            yield return new(ViolationKind.DoubleRun, $"{console.RepeatedTicks} ticks came twice or went back");
        }

        if (!hasHoles && console.LostTicks > TolerableTicks)
        {
            yield return new(ViolationKind.Mismatch, $"{console.LostTicks} ticks never came: {string.Join("; ", console.Holes)}");
        }

        if (console.MemoryErrors + console.DiskErrors > 0)
        {
            yield return new(ViolationKind.Mismatch, $"{console.MemoryErrors} errors in memory, {console.DiskErrors} on disk");
        }

        if (console.Crashes.Count > 0)
        {
            yield return new(ViolationKind.Mismatch, $"the guest's kernel: {console.Crashes[0]}");
        }
    }

    /// <summary>What a guest's record tells against us, once its migration has ended.</summary>
    public static IEnumerable<Violation> OfRecord(JsonObject? vmi)
    {
        var state = vmi.At("status", "migrationState");
        if (state.Flag("abortRequested") == true && state.Flag("completed") == true && state.Flag("failed") != true
            && state.Text("abortStatus") != MigrationModes.AbortFailed)
        {
            yield return new(ViolationKind.IgnoredAbort, $"{vmi!.Name()} went on to {state.Text("targetNode")} though the abort stood on record");
        }
    }

    /// <summary>The QEMUs of the cluster, each with its run state; a cluster at rest has one for each guest.</summary>
    public static async Task<IReadOnlyList<(int Pid, string State)>> QemusAsync(CancellationToken ct)
    {
        var states = new List<(int, string)>();
        foreach (var (pid, cgroup) in PodProcesses.All(PodProcesses.Qemu).Where(static p => p.Cgroup.Contains(ChaosCluster.Name, StringComparison.Ordinal)).ToArray())
        {
            states.Add((pid, await StateAsync(pid, ct)));
        }

        return states;
    }

    /// <summary>The launcher's folder as seen from here: a link that leads from /var/run to /run would lead out of the container.</summary>
    private static string FolderOf(int pid) =>
        Directory.Exists($"/proc/{pid}/root{Resolved}") ? $"/proc/{pid}/root{Resolved}" : $"/proc/{pid}/root{Launcher.FolderPath}";

    private static async Task<string> StateAsync(int pid, CancellationToken ct)
    {
        try
        {
            await using var qmp = await QmpClient.ConnectAsync(FolderOf(pid), DomainFolder.ControlSocket, Options, ct);
            return (await qmp.QueryStatusAsync(ct)).Status;
        }
        catch (Exception e) when (e is QmpUnavailableException or System.Net.Sockets.SocketException or IOException)
        {
            return $"no answer: {e.Message}";
        }
    }
}

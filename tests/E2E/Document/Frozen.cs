using Godwit.Cli.Host;
using Godwit.Tests.E2E.Support;
using Shouldly;

namespace Godwit.Tests.E2E.Document;

/// <summary>A pod's QEMU that is stopped by a signal, as if its node had hung, until it is disposed of.</summary>
internal sealed class Frozen : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly int _pid;

    private Frozen(int pid) => _pid = pid;

    public static async Task<Frozen> QemuAsync(string podUid)
    {
        var pid = ProcessTable.Pids().Where(pid => IsQemuOf(pid, podUid)).ShouldHaveSingleItem();
        (await SignalAsync("-STOP", pid)).Ok();
        return new(pid);
    }

    /// <summary>It may have been killed meanwhile.</summary>
    public async ValueTask DisposeAsync() => await SignalAsync("-CONT", _pid);

    private static Task<Tool.Outcome> SignalAsync(string signal, int pid) => Tool.RunAsync("/bin/kill", [signal, $"{pid}"], Limit);

    // A container sees the pod's own folders mounted, and no other pod's.
    private static bool IsQemuOf(int pid, string podUid) =>
        Path.GetFileName(Machine.CommandLine(pid).Split(' ')[0]).StartsWith("qemu-system", StringComparison.Ordinal)
        && File.ReadAllText($"/proc/{pid}/mountinfo").Contains(podUid, StringComparison.Ordinal);
}

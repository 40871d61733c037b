using Godwit.Cli.Host;
using Godwit.Tests.E2E.Support;
using Shouldly;

namespace Godwit.Tests.E2E.Document;

/// <summary>Processes of pods that are stopped by a signal, as if their node had hung, until this is disposed of.</summary>
internal sealed class Frozen : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly IReadOnlyList<int> _pids;

    private Frozen(IReadOnlyList<int> pids) => _pids = pids;

    /// <summary>A pod's QEMU.</summary>
    public static Task<Frozen> QemuAsync(string podUid) => ProcessesAsync("qemu-system", podUid);

    /// <summary>The one process of each pod whose program's name begins so.</summary>
    public static async Task<Frozen> ProcessesAsync(string program, params IReadOnlyList<string> podUids)
    {
        List<int> pids = [.. podUids.Select(uid => ProcessTable.Pids().Where(pid => IsOf(pid, program, uid)).ShouldHaveSingleItem())];
        (await SignalAsync("-STOP", pids)).Ok();
        return new(pids);
    }

    /// <summary>They may have been killed meanwhile.</summary>
    public async ValueTask DisposeAsync() => await SignalAsync("-CONT", _pids);

    private static Task<Tool.Outcome> SignalAsync(string signal, IReadOnlyList<int> pids) =>
        Tool.RunAsync("/bin/kill", [signal, .. pids.Select(static pid => $"{pid}")], Limit);

    // A container sees the pod's own folders mounted, and no other pod's.
    private static bool IsOf(int pid, string program, string podUid) =>
        Path.GetFileName(Machine.CommandLine(pid).Split(' ')[0]).StartsWith(program, StringComparison.Ordinal)
        && File.ReadAllText($"/proc/{pid}/mountinfo").Contains(podUid, StringComparison.Ordinal);
}

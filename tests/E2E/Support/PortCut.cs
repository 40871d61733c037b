using System.Globalization;
using Shouldly;

namespace Godwit.Tests.E2E.Support;

/// <summary>Cuts a port in a pod's own network namespace, without a word to either side: packets vanish, as with a pulled cable.</summary>
internal sealed class PortCut : IAsyncDisposable
{
    private const string Table = "e2e-cut";
    private readonly string _pid;

    private PortCut(string pid) => _pid = pid;

    /// <summary>The cut lasts until this is disposed.</summary>
    public static async Task<PortCut> CutAsync(string podUid, int port)
    {
        var network = new PortCut(PidOf(podUid));
        var rules = string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            table inet {{Table}} {
              chain out { type filter hook output priority -300; tcp dport {{port}} drop; tcp sport {{port}} drop; }
              chain in { type filter hook input priority -300; tcp dport {{port}} drop; tcp sport {{port}} drop; }
            }
            """);
        (await Tool.RunAsync("nsenter", ["-t", network._pid, "-n", "nft", "-f", "-"], TimeSpan.FromSeconds(10), input: rules)).Ok();
        return network;
    }

    public async ValueTask DisposeAsync() =>
        await Tool.RunAsync("nsenter", ["-t", _pid, "-n", "nft", "delete", "table", "inet", Table], TimeSpan.FromSeconds(10));

    private static string PidOf(string podUid) =>
        PodProcesses.InPod(podUid, PodProcesses.Qemu).ShouldNotBeNull($"pod {podUid} has no QEMU").ToString(CultureInfo.InvariantCulture);
}

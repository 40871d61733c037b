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
    public static Task<PortCut> CutAsync(string podUid, int port) =>
        MakeAsync(podUid, $"tcp dport {port} drop; tcp sport {port} drop;", $"tcp dport {port} drop; tcp sport {port} drop;");

    /// <summary>What is sent to the port arrives and is acknowledged, but nothing that is said there comes back.</summary>
    public static Task<PortCut> MuteAsync(string podUid, int port) => MakeAsync(podUid, "", $"tcp sport {port} ip length > 72 drop;");

    private static async Task<PortCut> MakeAsync(string podUid, string outbound, string inbound)
    {
        var network = new PortCut(PidOf(podUid));
        var rules = $$"""
            table inet {{Table}} {
              chain out { type filter hook output priority -300; {{outbound}} }
              chain in { type filter hook input priority -300; {{inbound}} }
            }
            """;
        (await Tool.RunAsync("nsenter", ["-t", network._pid, "-n", "nft", "-f", "-"], TimeSpan.FromSeconds(10), input: rules)).Ok();
        return network;
    }

    public async ValueTask DisposeAsync() =>
        await Tool.RunAsync("nsenter", ["-t", _pid, "-n", "nft", "delete", "table", "inet", Table], TimeSpan.FromSeconds(10));

    private static string PidOf(string podUid) =>
        PodProcesses.InPod(podUid, PodProcesses.Qemu).ShouldNotBeNull($"pod {podUid} has no QEMU").ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using Godwit.Tests.E2E.Support;
using Godwit.Types;

namespace Godwit.Chaos;

/// <summary>The migration's ports in the source pod's network, hurt until this is disposed of. Nothing else on that network is.</summary>
internal sealed class Link : IAsyncDisposable
{
    private const string Table = "chaos";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly string[] Queue = ["dev", "eth0", "root"];
    private readonly string _pid;
    private readonly string[] _undo;

    private Link(string pid, string[] undo) => (_pid, _undo) = (pid, undo);

    public static Task<Link> HurtAsync(int pid, LinkFault fault)
    {
        var name = pid.ToString(CultureInfo.InvariantCulture);
        return fault == LinkFault.Late ? DelayAsync(name) : FilterAsync(name, fault);
    }

    /// <summary>Where the pod has ended meanwhile, its network went with it.</summary>
    public async ValueTask DisposeAsync() => await RunAsync(_pid, _undo);

    private static async Task<Link> DelayAsync(string pid)
    {
        (await RunAsync(pid, ["tc", "qdisc", "add", .. Queue, "tbf", "rate", "8mbit", "burst", "32kb", "latency", "1500ms"])).Ok();
        return new(pid, ["tc", "qdisc", "del", .. Queue]);
    }

    private static async Task<Link> FilterAsync(string pid, LinkFault fault)
    {
        var ports = string.Create(CultureInfo.InvariantCulture, $"{{ {MigrationModes.PortRoleMemory}, {MigrationModes.PortRoleBlock} }}");
        var (forth, back) = fault switch
        {
            LinkFault.Cut => ("drop", "drop"),
            LinkFault.HalfOpen => ("accept", "drop"),
            LinkFault.Throttled => ("limit rate over 512 kbytes/second burst 64 kbytes drop", "accept"),
            _ => ("reject with tcp reset", "reject with tcp reset"),
        };
        var rules = $$"""
            table inet {{Table}} {
              chain out { type filter hook output priority -300; tcp dport {{ports}} {{forth}}; }
              chain in { type filter hook input priority -300; tcp sport {{ports}} {{back}}; }
            }
            """;
        (await RunAsync(pid, ["nft", "-f", "-"], rules)).Ok();
        return new(pid, ["nft", "delete", "table", "inet", Table]);
    }

    private static Task<Tool.Outcome> RunAsync(string pid, string[] command, string? input = null) =>
        Tool.RunAsync("nsenter", ["-t", pid, "-n", .. command], Limit, input: input);
}

using System.Globalization;
using Godwit.Tests.E2E.Support;
using Godwit.Types;

namespace Godwit.Chaos;

/// <summary>The migration's ports in the source pod's network, hurt until this is disposed of. Nothing else on that network is.</summary>
internal sealed class Link : IAsyncDisposable
{
    private const string Table = "chaos";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly string _pid;

    private Link(string pid) => _pid = pid;

    public static async Task<Link> HurtAsync(int pid, LinkFault fault)
    {
        var link = new Link(pid.ToString(CultureInfo.InvariantCulture));
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
        (await Tool.RunAsync("nsenter", ["-t", link._pid, "-n", "nft", "-f", "-"], Limit, input: rules)).Ok();
        return link;
    }

    /// <summary>Where the pod has ended meanwhile, its network went with it.</summary>
    public async ValueTask DisposeAsync() =>
        await Tool.RunAsync("nsenter", ["-t", _pid, "-n", "nft", "delete", "table", "inet", Table], Limit);
}

using System.Globalization;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>What a launcher pod is allowed on its node: next to nothing.</summary>
[Collection<FirstSide>]
public sealed class LauncherRightsTests(ClusterFixture cluster)
{
    [Fact]
    public async Task A_guest_runs_and_moves_as_user_107_without_any_right()
    {
        cluster.RequireNodesHere();
        await using var guest = await Guest.StartAsync(cluster, "e2e-rights");
        ShouldHaveNoRights(guest.Name);
        (await guest.MoveAsync()).Succeeded.ShouldBeTrue();
        ShouldHaveNoRights(guest.Name);
        await guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task Every_node_offers_the_devices_that_its_agent_names()
    {
        cluster.Require();
        foreach (var node in (await cluster.Api.ListAsync(Kinds.Node, ct: TestContext.Current.CancellationToken)).Items)
        {
            node.Text("status", "allocatable", Launcher.TunDevice).ShouldBe("1000");
            node.Text("status", "capacity", Launcher.KvmDevice).ShouldBe("1000");
        }
    }

    /// <summary>QEMU and its parent, the launcher, as the kernel sees them.</summary>
    private static void ShouldHaveNoRights(NamespacedName name)
    {
        var qemu = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .First(pid => pid > 0 && Machine.CommandLine(pid).Contains($"guest={name.Namespace}_{name.Name},", StringComparison.Ordinal));
        foreach (var pid in (int[])[qemu, int.Parse(Status(qemu)["PPid"], CultureInfo.InvariantCulture)])
        {
            var status = Status(pid);
            status["Uid"].ShouldBe("107\t107\t107\t107");
            status["Gid"].ShouldBe("107\t107\t107\t107");
            status["CapBnd"].ShouldBe("0000000000000000");
            status["NoNewPrivs"].ShouldBe("1");
            status["Seccomp"].ShouldBe("2");
        }
    }

    private static Dictionary<string, string> Status(int pid) => File.ReadLines($"/proc/{pid}/status")
        .Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.Ordinal);
}

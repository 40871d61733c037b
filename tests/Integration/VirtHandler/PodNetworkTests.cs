using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Godwit.Integration.VirtHandler.Forwarding;
using Godwit.VirtHandler.Network;
using Shouldly;
using Xunit;
using MigrationModes = Godwit.Types.MigrationModes;

namespace Godwit.Integration.VirtHandler;

public sealed class PodNetworkTests
{
    private static readonly PodWiring Wiring = new("02:aa:bb:cc:dd:01") { Nameservers = ["192.0.2.53"], SearchDomains = ["example.org"], Hostname = "demo" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_gets_its_address_by_DHCP_and_is_reached_at_the_pods_address()
    {
        Tool.RequireRoot();
        await using var pod = await ScratchPod.StartAsync();
        var network = new PodNetwork(Tool.Host);
        await network.WireAsync(pod.Pid, Wiring, pod.Place.Folder, Ct);
        var guest = await Tool.GuestAsync();
        using var qemu = StartQemu(pod, guest);
        try
        {
            await WaitForLineAsync(qemu.StandardOutput, "MG READY", "NET eth0 10.0.2.2/24 gw=10.0.2.1 mtu=1450");

            (await EchoAsync(pod, ScratchPod.PodAddress, 7)).ShouldBe("hello");
            (await pod.InPodAsync("nft list chain ip godwit forward")).ShouldContain("set 1360");
        }
        finally
        {
            qemu.Kill(entireProcessTree: true);
            await qemu.WaitForExitAsync(Ct);
        }
    }

    [Fact]
    public async Task Wiring_a_wired_pod_again_changes_nothing()
    {
        Tool.RequireRoot();
        await using var pod = await ScratchPod.StartAsync();
        var network = new PodNetwork(Tool.Host);
        await network.WireAsync(pod.Pid, Wiring, pod.Place.Folder, Ct);
        var before = await StateAsync(pod);

        await network.WireAsync(pod.Pid, Wiring, pod.Place.Folder, Ct);

        (await StateAsync(pod)).ShouldBe(before);
        var facts = await network.ReadFactsAsync(pod.Pid, Ct);
        facts.PodAddress.ShouldBe(ScratchPod.PodAddress);
        facts.HasDhcp.ShouldBeTrue();
        facts.Links.Single(link => link.Name == "tap0").QueueLength.ShouldBe(10_000);
    }

    [Fact]
    public async Task A_port_opened_for_a_migration_leads_to_the_pod_for_the_source_alone_until_it_is_revoked()
    {
        Tool.RequireRoot();
        await using var pod = await ScratchPod.StartAsync();
        var network = new PodNetwork(Tool.Host);
        await network.WireAsync(pod.Pid, Wiring, pod.Place.Folder, Ct);
        const string listener = "import socket; s=socket.create_server(('',5901)); print('up',flush=True)\nwhile True: c,_=s.accept(); c.sendall(c.recv(100)); c.close()";
        using var server = StartPython(pod.PodNamespace, listener);
        try
        {
            await server.StandardOutput.ReadLineAsync(Ct);
            (await EchoAsync(pod, ScratchPod.PodAddress, 5901)).ShouldBe("");

            await network.AllowMigrationAsync(pod.Pid, ScratchPod.ClientAddress, [5901, 5902], Ct);
            (await EchoAsync(pod, ScratchPod.PodAddress, 5901)).ShouldBe("hello");

            await network.RevokeMigrationAsync(pod.Pid, Ct);
            await network.AllowMigrationAsync(pod.Pid, "10.117.9.77", [5901], Ct);
            (await EchoAsync(pod, ScratchPod.PodAddress, 5901)).ShouldBe("");
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(Ct);
        }
    }

    [Fact]
    public async Task What_a_guest_sends_from_the_tunnels_port_leaves_the_pod_from_another()
    {
        await using var guest = await NetworkNamespace.StartAsync();
        await using var pod = await ScratchPod.StartAsync();
        await new PodNetwork(Tool.Host).WireAsync(pod.Pid, Wiring, pod.Place.Folder, Ct);
        await guest.IpAsync(
            $"link add eth0 address {Wiring.GuestMac} type veth peer name cable netns {pod.PodNamespace}", "address add 10.0.2.2/24 dev eth0", "link set eth0 up", "route add default via 10.0.2.1");
        await pod.InPodAsync("ip link set cable master k6t up");
        const string teller = "import socket; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(('',7000)); print('up',flush=True)\nwhile True: d,a=s.recvfrom(9); s.sendto(str(a[1]).encode(),a)";
        using var server = StartPython(pod.ClientNamespace, teller);
        try
        {
            await server.StandardOutput.ReadLineAsync(Ct);

            (await PortSeenAsync(guest, MigrationModes.PortRoleTunnel)).ShouldBeInRange(32768, MigrationModes.PortRoleMemory - 1);
            (await PortSeenAsync(guest, MigrationModes.PortRoleTunnel + 1)).ShouldBe(MigrationModes.PortRoleTunnel + 1);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(Ct);
        }
    }

    [Fact]
    public async Task A_guest_without_a_network_can_be_migrated_too()
    {
        Tool.RequireRoot();
        await using var pod = await ScratchPod.StartAsync();
        var network = new PodNetwork(Tool.Host);

        await network.AllowMigrationAsync(pod.Pid, ScratchPod.ClientAddress, [5901], Ct);
        await network.RevokeMigrationAsync(pod.Pid, Ct);

        (await network.ReadFactsAsync(pod.Pid, Ct)).HasRules.ShouldBeFalse();
    }

    [Fact]
    public async Task The_DHCP_server_ends_with_its_pod()
    {
        Tool.RequireRoot();
        var pod = await ScratchPod.StartAsync();
        Process server;
        await using (pod)
        {
            await new PodNetwork(Tool.Host).WireAsync(pod.Pid, Wiring, pod.Place.Folder, Ct);
            var folder = Directory.GetDirectories("/proc").Single(p => IsServerOf(p, pod.Place.Folder));
            server = Process.GetProcessById(int.Parse(Path.GetFileName(folder)));
        }

        await server.WaitForExitAsync(Ct).WaitAsync(TimeSpan.FromSeconds(10), Ct);
        server.Dispose();
    }

    private static bool IsServerOf(string process, string folder)
    {
        try
        {
            return File.Exists($"{process}/cmdline") && File.ReadAllText($"{process}/cmdline") is var line && line.StartsWith("dnsmasq", StringComparison.Ordinal) && line.Contains(folder, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    // IPv6 addresses are looked for twins by the kernel for a while, which shows in them until it is over.
    private static async Task<string> StateAsync(ScratchPod pod) =>
        await pod.InPodAsync("nft list ruleset") + (await pod.InPodAsync("ip address")).Replace(" tentative", "", StringComparison.Ordinal) + await pod.InPodAsync("ip neigh show nud permanent") + await pod.InPodAsync("cat /proc/net/udp");

    private static Task<string> EchoAsync(ScratchPod pod, string address, int port) => pod.InClientAsync("python3 -", $"""
        import socket
        try:
            s = socket.create_connection(('{address}', {port}), 2); s.sendall(b'hello'); print(s.recv(100).decode(), end='')
        except OSError:
            pass
        """);

    /// <summary>The port that the client sees when the guest sends from that one. The first datagrams are lost until the bridge forwards.</summary>
    private static async Task<int> PortSeenAsync(NetworkNamespace guest, int port)
    {
        using var socket = guest.NewUdp();
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        socket.Connect(new IPEndPoint(IPAddress.Parse(ScratchPod.ClientAddress), 7000));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var answer = new byte[9];
        var receiving = socket.ReceiveAsync(answer, limit.Token).AsTask();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!receiving.IsCompleted)
        {
            await socket.SendAsync(new byte[1], limit.Token);
            await Task.WhenAny(receiving, timer.WaitForNextTickAsync(limit.Token).AsTask());
        }

        return int.Parse(Encoding.ASCII.GetString(answer, 0, await receiving), CultureInfo.InvariantCulture);
    }

    private static Process StartPython(string @namespace, string program) => Start("ip", ["netns", "exec", @namespace, "python3", "-c", program]);

    private static Process StartQemu(ScratchPod pod, string guest) => Start("ip", [
        "netns", "exec", pod.PodNamespace, "qemu-system-x86_64", "-accel", "tcg", "-machine", "pc-q35-10.0", "-m", "192", "-nodefaults", "-no-user-config", "-display", "none",
        "-kernel", $"{guest}/vmlinuz", "-initrd", $"{guest}/initrd.gz", "-append", "console=ttyS0 quiet no_timer_check mg.tick=0 mg.ip=dhcp", "-serial", "stdio",
        "-netdev", "tap,id=n0,ifname=tap0,script=no,downscript=no", "-device", $"virtio-net-pci,netdev=n0,mac={Wiring.GuestMac},romfile="]);

    private static Process Start(string program, IReadOnlyList<string> arguments)
    {
        var info = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        return Process.Start(info)!;
    }

    private static async Task WaitForLineAsync(StreamReader output, string last, string wanted)
    {
        var seen = new List<string>();
        while (await output.ReadLineAsync(Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Ct) is { } line)
        {
            seen.Add(line);
            if (line.StartsWith(last, StringComparison.Ordinal))
            {
                break;
            }
        }

        seen.ShouldContain(wanted, string.Join('\n', seen));
    }
}

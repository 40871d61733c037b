using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Godwit.VirtHandler.Forwarding.Kernel;
using Microsoft.Win32.SafeHandles;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler.Forwarding;

public sealed class TapDrainTests
{
    private const string Tap = "tap0";
    private const int Frames = 50;
    private const ushort MultiQueue = 0x100; // IFF_MULTI_QUEUE

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_in_the_tap_of_a_QEMU_that_stands_still_reaches_the_guest_at_its_new_place()
    {
        await using var pods = await MovedAsync("");
        using var qemu = StartQemu(pods.Source);
        try
        {
            (await qemu.StandardOutput.ReadLineAsync(Ct))!.ShouldContain("QMP");
            await pods.Source.UntilForwardingAsync("k6t", Tap);
            using var guest = Listen(pods.Inside);
            await SendAsync(pods, 1);

            var opening = Stopwatch.GetTimestamp();
            var drain = TapDrain.Open(qemu.Id, Tap, pods.Source.Sockets, TwoPods.ToTarget, TwoPods.SourceMac, TwoPods.TargetMac);
            var opened = Stopwatch.GetElapsedTime(opening);
            var moving = Stopwatch.GetTimestamp();
            var moved = drain.Drain();
            var done = Stopwatch.GetElapsedTime(moving);
            drain.Drain().ShouldBe(0);
            var closing = Stopwatch.GetTimestamp();
            drain.Dispose();
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"opened in {opened.TotalMilliseconds:0.0} ms, {moved} frames moved in {done.TotalMilliseconds:0.0} ms, closed in {Stopwatch.GetElapsedTime(closing).TotalMilliseconds:0.0} ms");

            // QEMU itself takes one frame, some time, before it sees that its guest takes none.
            moved.ShouldBeInRange(Frames - 1, Frames);
            var received = await ReceiveAsync(guest, moved);
            received.ShouldBe(received.Distinct().Order());
        }
        finally
        {
            qemu.Kill();
            await qemu.WaitForExitAsync(Ct);
        }

        Drain(pods, qemu.Id).ShouldBe(0);
    }

    [Fact]
    public async Task All_queues_of_a_tap_are_emptied()
    {
        await using var pods = await MovedAsync("multi_queue");
        using var first = OpenTap(pods.Source, MultiQueue);
        using var second = OpenTap(pods.Source, MultiQueue);
        await pods.Source.UntilForwardingAsync("k6t", Tap);
        using var guest = Listen(pods.Inside);

        // Which queue a flow goes to the kernel decides by its ports: of 16 flows some go to each.
        await SendAsync(pods, 16);
        var left = Frames * 16;
        foreach (var queue in TapQueue.Of(Environment.ProcessId, Tap))
        {
            using (queue)
            {
                queue.TryRead(new byte[2000]).ShouldNotBeNull();
                left--;
            }
        }

        left.ShouldBe((Frames * 16) - 2);
        Drain(pods, Environment.ProcessId).ShouldBe(left);
        (await ReceiveAsync(guest, left)).Count.ShouldBe(left);
    }

    [Fact]
    public async Task A_frame_with_unfinished_checksum_that_is_yet_to_be_cut_arrives_as_it_was_sent()
    {
        await using var pods = await TwoPods.StartAsync();
        await pods.ConnectAsync();
        using var listening = pods.Inside.Sockets.ListenTcp(IPAddress.Any, 9000);
        using var client = pods.Client.Sockets.NewTcp();
        await client.ConnectAsync(TwoPods.SourceAddress, 9000, Ct);
        using var accepted = await listening.AcceptAsync(Ct);
        using var source = pods.Source.Sockets.OpenConntrack();
        using var target = pods.Target.Sockets.OpenConntrack();
        target.Write([.. source.Dump(TwoPods.Guest).Select(entry => entry with { Mark = TwoPods.Mark })]).Written.ShouldBe(1);
        await pods.PlugIntoTargetAsync();
        await AddTapAsync(pods.Source, "");
        using var tap = OpenTap(pods.Source, 0, whole: true);
        await pods.Source.UntilForwardingAsync("k6t", Tap);
        var text = Enumerable.Range(0, 10_000).Select(i => (byte)(i % 251)).ToArray();
        using var routes = pods.Source.Sockets.OpenRoute();

        var arrived = Arrival(routes, text.Length);
        await client.SendAsync(text, Ct);
        await arrived;
        var moved = Drain(pods, Environment.ProcessId);

        // The route was not flipped, so nothing but what was moved can have come.
        moved.ShouldBeInRange(1, 4);
        var received = new byte[text.Length];
        await using var stream = new NetworkStream(accepted);
        await stream.ReadExactlyAsync(received, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(5), Ct);
        received.ShouldBe(text);
    }

    [Fact]
    public async Task A_tap_that_nobody_has_open_and_a_process_that_is_gone_have_no_frames()
    {
        await using var pods = await MovedAsync("");

        Drain(pods, Environment.ProcessId).ShouldBe(0);
        Drain(pods, int.MaxValue).ShouldBe(0);
        Should.Throw<KernelException>(() => TapDrain.Drain(1, Tap, pods.Source.Sockets, "to9", TwoPods.SourceMac, TwoPods.TargetMac))
            .Message.ShouldStartWith("frames cannot be sent on the device to9: No such device");
    }

    /// <summary>The guest is plugged into the target already, and the source has an idle tap instead.</summary>
    private static async Task<TwoPods> MovedAsync(string tapKind)
    {
        var pods = await TwoPods.StartAsync();
        await pods.ConnectAsync();
        await pods.PlugIntoTargetAsync();
        await AddTapAsync(pods.Source, tapKind);
        return pods;
    }

    private static Task AddTapAsync(NetworkNamespace pod, string kind) =>
        pod.IpAsync($"tuntap add dev {Tap} mode tap {kind}", $"link set {Tap} mtu {TwoPods.Mtu} txqueuelen 10000 master k6t up");

    private static int Drain(TwoPods pods, int pid) => TapDrain.Drain(pid, Tap, pods.Source.Sockets, TwoPods.ToTarget, TwoPods.SourceMac, TwoPods.TargetMac);

    private static Socket Listen(NetworkNamespace guest)
    {
        var socket = guest.NewUdp();
        socket.ReceiveBufferSize = 4 << 20;
        socket.Bind(new IPEndPoint(IPAddress.Any, 9000));
        return socket;
    }

    /// <summary>Sends numbered datagrams to the guest at its old place, and waits until they lie in the tap.</summary>
    private static async Task SendAsync(TwoPods pods, int flows)
    {
        using var routes = pods.Source.Sockets.OpenRoute();
        var arrived = Arrival(routes, Frames * flows * (14 + 20 + 8 + 100));
        for (var flow = 0; flow < flows; flow++)
        {
            using var client = pods.Client.NewUdp();
            client.Connect(new IPEndPoint(TwoPods.SourceAddress, 9000));
            for (var i = 0; i < Frames; i++)
            {
                var datagram = new byte[100];
                BinaryPrimitives.WriteInt32LittleEndian(datagram, i);
                await client.SendAsync(datagram, Ct);
            }
        }

        await arrived;
    }

    /// <summary>When so many bytes more have gone out of the source's bridge.</summary>
    private static async Task Arrival(RouteSocket routes, int bytes)
    {
        var wanted = routes.ReadBytes("k6t")!.Value.Tx + bytes;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (routes.ReadBytes("k6t")!.Value.Tx < wanted)
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private static async Task<List<int>> ReceiveAsync(Socket guest, int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        var numbers = new List<int>();
        var datagram = new byte[200];
        while (numbers.Count < count)
        {
            (await guest.ReceiveAsync(datagram, limit.Token)).ShouldBe(100);
            numbers.Add(BinaryPrimitives.ReadInt32LittleEndian(datagram));
        }

        return numbers;
    }

    /// <summary>Opens the tap as QEMU does, with virtio's header; <paramref name="whole"/>: and takes frames uncut and without checksums.</summary>
    private static unsafe SafeFileHandle OpenTap(NetworkNamespace pod, ushort flags, bool whole = false) => pod.Within(() =>
    {
        var tap = Libc.Open("/dev/net/tun", 2 | 0x800 | 0x80000);
        var request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(Tap, new Span<byte>(request, 15));
        *(ushort*)(request + 16) = (ushort)(0x2 | 0x1000 | 0x4000 | flags); // IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
        Libc.Control(tap, 0x400454ca, request).ShouldBe(0); // TUNSETIFF
        var length = 12;
        Libc.Control(tap, 0x400454d8, &length).ShouldBe(0); // TUNSETVNETHDRSZ
        if (whole)
        {
            Libc.Control(tap, 0x400454d0, (void*)0x3).ShouldBe(0); // TUNSETOFFLOAD: TUN_F_CSUM | TUN_F_TSO4
        }

        return tap;
    });

    private static Process StartQemu(NetworkNamespace pod)
    {
        var start = new ProcessStartInfo("ip") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var word in (string[])[
            "netns", "exec", pod.Name, "qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-m", "64", "-nodefaults", "-no-user-config", "-display", "none", "-S", "-qmp", "stdio",
            "-netdev", $"tap,id=n0,ifname={Tap},script=no,downscript=no", "-device", "virtio-net-pci,netdev=n0,romfile="])
        {
            start.ArgumentList.Add(word);
        }

        return Process.Start(start)!;
    }
}

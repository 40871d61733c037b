using System.Diagnostics;
using System.Net;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler.Forwarding;

public sealed class RouteSocketTests
{
    private static readonly IPAddress Guest = IPAddress.Parse("10.0.2.2");

    [Fact]
    public async Task An_address_is_led_to_one_device_then_another_and_back()
    {
        await using var pod = await StartAsync();
        using var routes = pod.Sockets.OpenRoute();

        routes.ReplaceHostRoute(Guest, "to2");
        (await pod.IpAsync("route get 10.0.2.2")).ShouldContain("dev to2");
        (routes.HasHostRoute(Guest, "to2"), routes.HasHostRoute(Guest, "to3")).ShouldBe((true, false));

        routes.ReplaceHostRoute(Guest, "to3");
        (await pod.IpAsync("route get 10.0.2.2")).ShouldContain("dev to3");
        (routes.HasHostRoute(Guest, "to2"), routes.HasHostRoute(Guest, "to3")).ShouldBe((false, true));

        routes.DeleteHostRoute(Guest, "to2").ShouldBeFalse();
        routes.DeleteHostRoute(Guest, "to3").ShouldBeTrue();
        routes.DeleteHostRoute(Guest, "to3").ShouldBeFalse();
        (await pod.IpAsync("route get 10.0.2.2")).ShouldContain("dev k6t");
        routes.HasHostRoute(Guest, "k6t").ShouldBeFalse();
    }

    [Fact]
    public async Task Leading_an_address_elsewhere_takes_well_under_a_millisecond()
    {
        await using var pod = await StartAsync();
        using var routes = pod.Sockets.OpenRoute();
        routes.ReplaceHostRoute(Guest, "to2");

        var times = Enumerable.Range(0, 200).Select(i =>
        {
            var watch = Stopwatch.GetTimestamp();
            routes.ReplaceHostRoute(Guest, i % 2 == 0 ? "to3" : "to2");
            return Stopwatch.GetElapsedTime(watch).TotalMilliseconds;
        }).Order().ToArray();

        TestContext.Current.TestOutputHelper?.WriteLine($"flip: median {times[100]:0.000} ms, 99 % {times[198]:0.000} ms, worst {times[199]:0.000} ms");
        times[100].ShouldBeLessThan(1);
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_told_by_name()
    {
        await using var pod = await StartAsync();
        using var routes = pod.Sockets.OpenRoute();

        var failure = Should.Throw<KernelException>(() => routes.ReplaceHostRoute(Guest, "to9"));
        failure.Message.ShouldStartWith("the route to 10.0.2.2 cannot be set to to9: No such device");
        failure.Error.ShouldBe(19);
        routes.DeleteHostRoute(Guest, "to9").ShouldBeFalse();
        routes.HasHostRoute(Guest, "to9").ShouldBeFalse();
        routes.ReadBytes("to9").ShouldBeNull();
        Should.Throw<ArgumentException>(() => routes.ReadBytes("much-too-long-a-name"));
    }

    [Fact]
    public async Task A_device_goes_with_its_routes_and_may_be_gone_already()
    {
        await using var pod = await StartAsync();
        using var routes = pod.Sockets.OpenRoute();
        routes.ReplaceHostRoute(Guest, "to2");

        routes.DeleteLink("to2");
        routes.DeleteLink("to2");

        routes.ReadBytes("to2").ShouldBeNull();
        (await pod.IpAsync("route get 10.0.2.2")).ShouldContain("dev k6t");
    }

    [Fact]
    public async Task The_bytes_of_a_device_are_counted()
    {
        await using var pod = await StartAsync();
        using var routes = pod.Sockets.OpenRoute();
        var before = routes.ReadBytes("lo")!.Value;

        (await TunnelProbe.PingAsync(pod.Sockets, null, IPAddress.Loopback, 1000, true, TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).ShouldBeTrue();

        // There and back; loopback counts no Ethernet header.
        var after = routes.ReadBytes("lo")!.Value;
        (after.Rx - before.Rx, after.Tx - before.Tx).ShouldBe((2000, 2000));
    }

    [Fact]
    public void A_pod_that_has_ended_is_told() =>
        Should.Throw<KernelException>(() => PodSockets.Open(int.MaxValue)).Message.ShouldBe(
            "the network of process 2147483647 cannot be opened: No such file or directory; the pod has probably ended: look whether it still runs");

    [Fact]
    public async Task A_port_that_somebody_has_is_told_and_free_again_when_he_is_gone()
    {
        await using var pod = await StartAsync();
        var ct = TestContext.Current.CancellationToken;
        using (var listening = pod.Sockets.ListenTcp(IPAddress.Loopback, 7000))
        {
            Should.Throw<KernelException>(() => pod.Sockets.ListenTcp(IPAddress.Loopback, 7000)).Message
                .ShouldContain("cannot be listened on: Address already in use; another program in the pod has it");
            using var connecting = pod.Sockets.NewTcp();
            await connecting.ConnectAsync(IPAddress.Loopback, 7000, ct);
            using var accepted = await listening.AcceptAsync(ct);
            accepted.Close();
        }

        using var again = pod.Sockets.ListenTcp(IPAddress.Loopback, 7000);
        again.IsBound.ShouldBeTrue();
        Should.Throw<KernelException>(() => pod.Sockets.ListenTcp(IPAddress.Parse("10.9.9.9"), 7000)).Message.ShouldEndWith("the pod does not have this address");
    }

    private static async Task<NetworkNamespace> StartAsync()
    {
        var pod = await NetworkNamespace.StartAsync();
        await pod.IpAsync(
            "link add k6t type bridge",
            "address add 10.0.2.1/24 dev k6t",
            "link set k6t up",
            "link add to2 type vxlan id 1 local 127.0.0.1 remote 127.0.0.2 dstport 47899",
            "link set to2 up",
            "link add to3 type vxlan id 2 local 127.0.0.1 remote 127.0.0.3 dstport 47899",
            "link set to3 up");
        return pod;
    }
}

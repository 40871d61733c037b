using System.Net;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler.Forwarding;

public sealed class TunnelProbeTests
{
    [Fact]
    public async Task A_packet_of_the_pods_full_size_gets_through_the_tunnel_and_back()
    {
        await using var pods = await TwoPods.StartAsync();
        await pods.ConnectAsync();

        (await PingAsync(pods, TwoPods.SourceAddress, TwoPods.TunnelEnd, TwoPods.Mtu, true)).ShouldBeTrue();
        (await PingAsync(pods, null, TwoPods.TunnelEnd, 28, true)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_packet_larger_than_the_tunnel_gets_through_in_pieces_only()
    {
        await using var pods = await TwoPods.StartAsync();
        await pods.ConnectAsync();

        (await PingAsync(pods, null, TwoPods.TunnelEnd, TwoPods.Mtu + 1, true)).ShouldBeFalse();
        (await PingAsync(pods, null, TwoPods.TunnelEnd, 4001, false)).ShouldBeTrue();
    }

    [Fact]
    public async Task Where_the_tunnel_ends_nowhere_there_is_no_answer()
    {
        await using var pods = await TwoPods.StartAsync();
        await pods.ConnectAsync();
        using var routes = pods.Target.Sockets.OpenRoute();
        routes.DeleteLink(TwoPods.FromSource);

        (await PingAsync(pods, null, TwoPods.TunnelEnd, 100, true)).ShouldBeFalse();
    }

    [Fact]
    public async Task Without_a_route_or_from_an_address_of_somebody_else_there_is_no_answer()
    {
        await using var pods = await TwoPods.StartAsync();

        (await PingAsync(pods, null, TwoPods.TunnelEnd, 100, true)).ShouldBeFalse();
        (await PingAsync(pods, TwoPods.TargetAddress, TwoPods.ClientAddress, 100, true)).ShouldBeFalse();
    }

    [Fact]
    public async Task Who_asks_can_give_up()
    {
        await using var pods = await TwoPods.StartAsync();
        await pods.ConnectAsync();
        using var routes = pods.Target.Sockets.OpenRoute();
        routes.DeleteLink(TwoPods.FromSource);
        using var given = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        await Should.ThrowAsync<OperationCanceledException>(
            TunnelProbe.PingAsync(pods.Source.Sockets, null, TwoPods.TunnelEnd, 100, true, TimeSpan.FromMinutes(5), given.Token));
    }

    private static Task<bool> PingAsync(TwoPods pods, IPAddress? from, IPAddress to, int size, bool dontFragment) =>
        TunnelProbe.PingAsync(pods.Source.Sockets, from, to, size, dontFragment, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
}

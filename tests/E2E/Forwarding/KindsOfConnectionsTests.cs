using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>Connections that are made or used in another way than most.</summary>
[Collection<SecondSide>]
public sealed class KindsOfConnectionsTests(ClusterFixture cluster, ITestOutputHelper output) : FlowTests(cluster)
{
    private const int Port = 7;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Pings_and_connections_through_a_Service_and_from_the_guests_own_node_survive_a_move_and_the_move_back()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-kinds", flows, dials: 0);
        var service = await ServiceAsync(guest.Name.Namespace);
        var address = await AddressAsync(guest);
        using var own = await NodeSockets.OfAsync(Cluster, await guest.NodeAsync());
        using var other = await NodeSockets.OfAsync(Cluster, Cluster.Other(await guest.NodeAsync()));
        await flows.PingAsync(address, 6);
        await flows.ConnectAsync("TCP from the guest's own node", own.NewTcp, new(IPAddress.Parse(address), Port), 4);
        await flows.ConnectAsync("TCP through a Service, own node", own.NewTcp, service, 4);
        await flows.ConnectAsync("TCP through a Service, other node", other.NewTcp, service, 4);
        await flows.SpeakAsync();

        await MoveAsync(guest);
        await using var fresh = await NewFlowsAsync();
        await fresh.ConnectAsync("TCP through the Service after the move", own.NewTcp, service, 2);
        await fresh.SpeakAsync();
        await MoveAsync(guest);
        await flows.FinishAsync();
        await fresh.FinishAsync();

        output.WriteLine(flows.Table("there and back"));
        output.WriteLine(fresh.Table("made between the moves"));
        flows.Broken.Concat(fresh.Broken).Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty();
        await guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task A_Service_leads_new_connections_to_the_guest_and_to_nobody_else_all_through_a_move()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-service", flows, dials: 0);
        var service = await ServiceAsync(guest.Name.Namespace);
        using var client = await NodeSockets.OfAsync(Cluster, await guest.NodeAsync());
        // Slow, so that a target is there for some seconds that has no guest yet.
        await using var tunables = await Tunables.SetAsync(Cluster, ("bandwidthPerMigration", "8Mi"));
        using var moved = new CancellationTokenSource();
        var calling = CallAsync(client, service, moved.Token);

        await MoveAsync(guest);
        await MoveAsync(guest);
        await moved.CancelAsync();
        var calls = await calling;

        output.WriteLine($"{calls} calls");
        calls.ShouldBeGreaterThan(20);
        await guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task A_guest_that_takes_the_pods_for_its_own_subnet_moves_there_and_back_with_its_connections()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        // The ranges of all nodes are in it; its first addresses, which gateway and guest get, are in none.
        var pods = $"{string.Join('.', (await PodRangeAsync()).Split('.')[..2])}.0.0/16";
        using var neighbour = await NeighbourPod.StartAsync(Cluster, "e2e-overlap");
        await using var guest = await SmallGuest.StartAsync(
            Cluster, "e2e-overlap", "demo", $"{SmallGuest.Calm} mg.dial={neighbour.Listener.LocalEndPoint} mg.dials=2", vmi => vmi["spec"]!["networks"]![0]!["pod"] = new JsonObject { ["vmNetworkCIDR"] = pods });
        using var own = await NodeSockets.OfAsync(Cluster, await guest.NodeAsync());
        var address = await AddressAsync(guest);
        await flows.ConnectAsync(address, each: 2);
        // Both are neighbours to the guest, which asks for their hardware addresses: the pod, and its node by the address that it has there.
        await flows.AcceptAsync("TCP to a neighbour", neighbour.Listener, 2);
        await flows.ConnectAsync("TCP from a neighbour", neighbour.NewTcp, new(IPAddress.Parse(address), Port), 2);
        await flows.ConnectAsync("TCP from the guest's own node", own.NewTcp, new(IPAddress.Parse(address), Port), 2);
        await flows.SpeakAsync();

        await MoveAsync(guest);
        await MoveAsync(guest);
        await flows.FinishAsync();

        flows.Broken.Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty();
        await guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task What_was_on_its_way_when_both_sides_had_closed_arrives_whole_after_the_move()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-halfclosed", flows, dials: 0);
        var address = new IPEndPoint(IPAddress.Parse(await AddressAsync(guest)), Port);
        var sent = RandomNumberGenerator.GetBytes(6_000);
        List<Socket> sockets = [];
        try
        {
            for (var i = 0; i < 5; i++)
            {
                // So little room that the guest's kernel keeps most of the echo: the guest has said all and closed, and nobody reads yet.
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 2_048 };
                sockets.Add(socket);
                await socket.ConnectAsync(address, TestContext.Current.CancellationToken);
                await socket.SendAsync(sent, TestContext.Current.CancellationToken);
                socket.Shutdown(SocketShutdown.Send);
            }

            await MoveAsync(guest);

            var held = sockets.Max(static s => s.Available);
            foreach (var socket in sockets)
            {
                (await ReadToEndAsync(socket)).ShouldBe(sent);
            }

            held.ShouldBeLessThan(sent.Length / 2, "most of it should have come after the move");
        }
        finally
        {
            sockets.ForEach(static s => s.Dispose());
        }

        await guest.ShouldBeUnhurtAsync();
    }

    /// <summary>Calls again and again until told to stop; every call has to be answered.</summary>
    private static async Task<int> CallAsync(NodeSockets from, IPEndPoint to, CancellationToken stop)
    {
        var word = "hello"u8.ToArray();
        var answer = new byte[word.Length];
        var calls = 0;
        for (; !stop.IsCancellationRequested; calls++)
        {
            using var limit = new CancellationTokenSource(Soon);
            using var socket = from.NewTcp();
            await socket.ConnectAsync(to, limit.Token);
            await socket.SendAsync(word, limit.Token);
            (await socket.ReceiveAsync(answer, limit.Token)).ShouldBe(word.Length);
            answer.ShouldBe(word);
        }

        return calls;
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var deadline = new CancellationTokenSource(Soon);
        using var all = new MemoryStream();
        var buffer = new byte[4_096];
        while (await socket.ReceiveAsync(buffer, deadline.Token) is var length and > 0)
        {
            all.Write(buffer, 0, length);
        }

        return all.ToArray();
    }

    private async Task<string> PodRangeAsync() =>
        (await Cluster.Api.GetAsync(Kinds.Node, NamespacedName.Cluster(Cluster.Nodes[0]))).Text("spec", "podCIDR").ShouldNotBeNull();

    /// <summary>A Service that leads to the demo guest's echo, and has found it.</summary>
    private async Task<IPEndPoint> ServiceAsync(string @namespace)
    {
        (await Cluster.KubectlAsync(["create", "-n", @namespace, "-f", "-"], $$"""
            apiVersion: v1
            kind: Service
            metadata: {name: echo}
            spec:
              selector: {app: demo}
              ports: [{port: {{Port}}, protocol: TCP}]
            """)).Ok();
        using var deadline = new CancellationTokenSource(Soon);
        while ((await Cluster.KubectlAsync(
            ["get", "endpointslices", "-n", @namespace, "-l", "kubernetes.io/service-name=echo", "-o", "jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].addresses[*]}"])).Ok().Trim().Length == 0)
        {
            deadline.IsCancellationRequested.ShouldBeFalse("the Service finds no ready endpoint");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }

        var address = (await Cluster.KubectlAsync(["get", "service", "echo", "-n", @namespace, "-o", "jsonpath={.spec.clusterIP}"])).Ok();
        return new(IPAddress.Parse(address), Port);
    }
}

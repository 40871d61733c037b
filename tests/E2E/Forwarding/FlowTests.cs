using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>Tests with a guest that has connections open.</summary>
public abstract class FlowTests(ClusterFixture cluster)
{
    protected ClusterFixture Cluster { get; } = cluster;

    private static JsonNode First(JsonObject @object, string list) => @object.At("status", list).ShouldBeOfType<JsonArray>()[0].ShouldNotBeNull();

    private protected async Task<Flows> NewFlowsAsync()
    {
        var node = await Cluster.Api.GetAsync(Kinds.Node, NamespacedName.Cluster(Cluster.Nodes[0]));
        return new Flows(Flows.AddressTowards(First(node, "addresses").Text("address")!));
    }

    private protected Task<Guest> StartAsync(string @namespace, Flows flows, int dials) => SmallGuest.StartAsync(
        Cluster, @namespace, "demo", SmallGuest.Calm + (dials > 0 ? $" mg.dial={flows.Listener} mg.dials={dials}" : ""));

    private protected static async Task<string> AddressAsync(Guest guest) =>
        First(await guest.ReadAsync(), "interfaces").Text("ipAddress").ShouldNotBeNull();

    private protected static async Task<TimeSpan> MoveAsync(Guest guest)
    {
        (await guest.MoveAsync()).ShouldHaveSucceeded();
        var state = (await guest.ReadAsync()).At("status", "migrationState")!;
        TestContext.Current.TestOutputHelper?.WriteLine($"stood still from {state.Text("pauseTimestamp")} to {state.Text("resumeTimestamp")}");
        return TimeSpan.FromMilliseconds(state.At("pauseMs")!.GetValue<double>());
    }
}

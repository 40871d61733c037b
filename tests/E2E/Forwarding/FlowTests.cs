using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>Tests with a guest that has connections open.</summary>
public abstract class FlowTests(ClusterFixture cluster)
{
    protected ClusterFixture Cluster { get; } = cluster;

    private protected Task<Flows> NewFlowsAsync() => Flows.OfAsync(Cluster);

    private protected Task<Guest> StartAsync(string @namespace, Flows flows, int dials) => SmallGuest.StartAsync(
        Cluster, @namespace, "demo", SmallGuest.Calm + (dials > 0 ? $" mg.dial={flows.Listener} mg.dials={dials}" : ""));

    private protected static async Task<string> AddressAsync(Guest guest) => VmiFacts.Address(await guest.ReadAsync()).ShouldNotBeNull();

    /// <summary>What becomes of the connections of the last move, see <see cref="Types.MigrationForwarding"/>.</summary>
    private protected static string? State(JsonObject vmi) => vmi.Text("status", "migrationState", "forwarding", "state");

    private protected static async Task<TimeSpan> MoveAsync(Guest guest)
    {
        (await guest.MoveAsync()).ShouldHaveSucceeded();
        var state = (await guest.ReadAsync()).At("status", "migrationState")!;
        TestContext.Current.TestOutputHelper?.WriteLine($"stood still from {state.Text("pauseTimestamp")} to {state.Text("resumeTimestamp")}");
        return TimeSpan.FromMilliseconds(state.At("pauseMs")!.GetValue<double>());
    }
}

using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>A guest that dirties its memory faster than the link carries it.</summary>
[Collection<SecondSide>]
public sealed class PostCopyTests(ClusterFixture cluster)
{
    private const int Rate = 64;
    private const int Cuts = 5;
    private const string Link = "bandwidthPerMigration: 8Mi";

    [Fact]
    public async Task Without_disruption_it_is_given_up_at_the_completion_time_out_and_the_guest_is_unharmed()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-outrun", rate: Rate);
        await using var policy = await Policy.OfNamespaceAsync(cluster, "e2e-outrun", Link, "completionTimeoutPerGiB: 8");
        var before = await guest.NodeAsync();

        (await guest.MoveAsync()).Succeeded.ShouldBeFalse();

        var vmi = await guest.ReadAsync();
        VmiFacts.Node(vmi).ShouldBe(before);
        vmi.Text("status", "migrationState", "failureReason").ShouldNotBeNull().ShouldContain("Live migration is not completed after");
        vmi.Text("status", "migrationState", "migrationPolicyName").ShouldBe("e2e-outrun");
        vmi.At("status", "migrationState", "transfer", "throttlePercent").ShouldBeNull("auto-converge is off");
        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }

    [Fact]
    public async Task With_post_copy_it_finishes_at_the_target_and_nothing_is_lost_though_the_channel_is_cut_again_and_again()
    {
        cluster.RequireNodesHere();
        await using var guest = await Guest.StartAsync(cluster, "e2e-postcopy", memory: "384Mi", guestMemory: "mg.mem=224", rate: Rate);
        await using var policy = await Policy.OfNamespaceAsync(cluster, "e2e-postcopy", Link, "completionTimeoutPerGiB: 4", "allowPostCopy: true");
        var before = await guest.NodeAsync();

        var created = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        var state = (await guest.UntilAsync(created.Name(), static m => m.Text("status", "migrationState", "mode") == MigrationModes.PostCopy))
            .At("status", "migrationState").ShouldNotBeNull();
        var port = int.Parse(
            ((JsonObject)state["targetDirectMigrationNodePorts"]!).Single(p => p.Value!.GetValue<int>() == MigrationModes.PortRoleMemory).Key,
            CultureInfo.InvariantCulture);
        // The first finds the target at loading the devices, where the channel must not be broken; the network comes back in time.
        await CutAsync(state, port, TimeSpan.FromSeconds(7));
        await guest.UntilAsync(created.Name(), static m => m.At("status", "migrationState", "targetNodeDomainReadyTimestamp") is not null);
        for (var cut = 1; cut <= Cuts; cut++)
        {
            await CutAsync(state, port, TimeSpan.FromSeconds(10));
            await guest.UntilAsync(
                created.Name(),
                m => m.At("status", "migrationState", "channel") is { } channel
                    && channel.Text("state") == MigrationChannel.Open && channel.Integer("breaks") >= cut);
            // It runs between the cuts: else they add up to a stall that its kernel complains of.
            await guest.UntilTicksAsync(50);
        }

        (await guest.EndOfAsync(created.Name(), TimeSpan.FromMinutes(5))).Succeeded.ShouldBeTrue();

        var vmi = await guest.ReadAsync();
        VmiFacts.Node(vmi).ShouldNotBe(before);
        vmi.Text("status", "migrationState", "mode").ShouldBe(MigrationModes.PostCopy);
        vmi.Integer("status", "migrationState", "channel", "breaks").ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(Cuts);
        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }

    private static async Task CutAsync(JsonNode state, int port, TimeSpan length)
    {
        await using var cut = await PortCut.CutAsync(state.Text("sourcePodUID")!, port);
        await Task.Delay(length, TimeProvider.System, TestContext.Current.CancellationToken);
    }
}

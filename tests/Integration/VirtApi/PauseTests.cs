using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>Pause and unpause the whole way: API server, virt-api, the node's agent, QEMU's monitor.</summary>
public sealed class PauseTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_VMI_is_paused_says_so_and_goes_on()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "sleeper");

        (await guest.PutAsync("pause", """{"dryRun":["All"]}""")).ShouldBe((200, ""));
        guest.Commands.ShouldBeEmpty();
        (await guest.PutAsync("unpause")).ShouldBe((409, Refusal("VMI is not paused")));
        (await guest.PutAsync("pause")).ShouldBe((200, ""));

        guest.Commands.ShouldBe(["stop"]);
        var paused = (await guest.ReadAsync()).Status!.Conditions.Find(Conditions.Paused)!;
        (paused.Status, paused.Reason, paused.Message).ShouldBe(("True", "PausedByUser", "VMI was paused by user"));

        (await guest.PutAsync("pause")).ShouldBe((409, Refusal("VMI is already paused")));
        (await guest.PutAsync("unpause", body: null, version: "v1alpha3")).ShouldBe((200, ""));
        guest.Commands.ShouldBe(["stop", "cont"]);
        (await guest.ReadAsync()).Status!.Conditions.Find(Conditions.Paused).ShouldBeNull();

        (await guest.PutAsync("reset", body: null)).ShouldBe((200, ""));
        guest.Commands[^1].ShouldBe("system_reset");

        static string Refusal(string why) => $"Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io \"sleeper\": {why}";
    }

    [Fact]
    public async Task A_guest_that_a_migration_acts_on_is_left_alone()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "mover");
        await guest.PatchAsync("{status: {migrationState: {migrationUid: m, targetNode: node09}}}");

        var (code, message) = await guest.PutAsync("pause");

        code.ShouldBe(409);
        message.ShouldContain("VMI is being migrated to node node09");
        guest.Commands.ShouldBeEmpty();

        await guest.PatchAsync("{status: {migrationState: {completed: true}}}");
        guest.State = "postmigrate";
        (await guest.PutAsync("reset")).Code.ShouldBe(409);
        guest.Commands.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_guest_that_has_moved_is_not_touched_at_the_node_that_it_left()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "gone");
        await guest.PatchAsync("{status: {ownerPodUID: another}}");

        (await guest.PutAsync("pause")).Code.ShouldBe(500);

        guest.Commands.ShouldBeEmpty();
        (await guest.ReadAsync()).Status!.Conditions.Find(Conditions.Paused).ShouldBeNull();
    }

    [Fact]
    public async Task Nonsense_is_refused_and_so_is_who_does_not_exist()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "guarded");

        (await guest.PutAsync("pause", "[1")).Code.ShouldBe(400);
        guest.Commands.ShouldBeEmpty();
        using var response = await cluster.Admin.SendRawAsync(
            HttpMethod.Put, guest.Address("pause").Replace("guarded", "nobody", StringComparison.Ordinal), ct: Ct);
        JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct)).Text("message").ShouldBe("virtualmachineinstance.kubevirt.io \"nobody\" not found");
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Clients_find_the_subresources_in_discovery()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "listed");
        var list = JsonNode.Parse(await cluster.Admin.GetRawAsync("/apis/subresources.kubevirt.io/v1", ct: Ct))!["resources"]!.AsArray();

        Verb("virtualmachineinstances/pause").ShouldBe("""["update"]""");
        Verb("virtualmachineinstances/console").ShouldBe("""["get"]""");
        Verb("virtualmachineinstances/vnc").ShouldBe("""["get"]""");

        string? Verb(string name) => list.SingleOrDefault(r => r.Text("name") == name)?["verbs"]!.ToJsonString();
    }
}

using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Forwarding;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Nodes that lose their power, with real guests on them and on their way to and from them.</summary>
[Collection<OwnClusters>]
public sealed class NodeOffTests(PowerCluster cluster) : IClassFixture<PowerCluster>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_virtual_machine_starts_elsewhere_once_its_node_is_vouched_to_be_off_and_can_go_back_when_that_has_booted()
    {
        cluster.Require();
        await using var guest = await MachineAsync("e2e-off-vm");
        var first = await guest.ReadAsync();
        var home = VmiFacts.Node(first)!;
        var pod = first.Text("status", "ownerPodUID")!;
        JsonObject another;
        await using (var outage = await Outage.OfAsync(cluster, home))
        {
            outage.Remains.ShouldBeEmpty();
            (await cluster.GodwitAsync(["status"])).Ok().ShouldContain("PoweredOff");
            await outage.UntilNoticedAsync();
            // A silent node may still run its guests: nothing is started elsewhere.
            var silent = await guest.ReadAsync();
            (silent.Uid(), VmiFacts.Phase(silent)).ShouldBe((first.Uid(), VmiPhases.Running));
            (await guest.LivingPodsAsync()).Count.ShouldBe(1);

            await outage.VouchAsync();

            another = await UntilAnotherAsync(guest.Name, first.Uid());
            VmiFacts.Node(another).ShouldNotBe(home);
            (await guest.LivingPodsAsync()).Count.ShouldBe(1);
            (await cluster.KubectlAsync(["get", "events", "-n", "e2e-off-vm", "-o", "jsonpath={.items[*].message}"])).Ok()
                .ShouldContain($"The virtual machine pod went with node {home}, which is out of service");
            outage.Remains.ShouldBeEmpty();
        }

        await UntilGoneAsync(pod, home);
        (await cluster.KubectlAsync(["wait", $"node/{home}", "--for=jsonpath={.metadata.labels.kubevirt\\.io/schedulable}=true", "--timeout=60s"])).Ok();
        await using var second = Guest.Watch(cluster, another);
        await second.UntilTicksAsync(100);
        await second.BringToAsync(cluster, home);
        (await second.NodeAsync()).ShouldBe(home);
        await second.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task A_target_that_loses_its_power_fails_the_migration_and_the_guest_goes_on_and_to_a_third_node()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-off-target");
        var source = await guest.NodeAsync();
        string target, failure;
        await using (await Tunables.BandwidthAsync(cluster, "4Mi"))
        {
            var migration = await SendingAsync(guest);
            target = migration.Text("status", "migrationState", "targetNode")!;
            await using var outage = await Outage.OfAsync(cluster, target);
            await guest.UntilTicksAsync(100);
            await outage.UntilNoticedAsync();
            await outage.VouchAsync();

            failure = (await guest.EndOfAsync(migration.Name(), Limit)).Failure!;
            failure.ShouldBe($"Target pod is down: node {target} is out of service");
            (await guest.NodeAsync()).ShouldBe(source);
            await guest.ShouldBeUnhurtAsync();
            await guest.UntilOnePodAsync();
            await Tunables.SetAsync(cluster, ("bandwidthPerMigration", "0"));

            (await guest.MoveAsync(Limit)).ShouldHaveSucceeded();

            (await guest.NodeAsync()).ShouldNotBeOneOf(source, target);
        }

        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }

    [Fact]
    public async Task A_source_that_loses_its_power_before_the_commit_takes_the_guest_with_it_and_the_target_never_runs()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-off-source");
        await using var slow = await Tunables.BandwidthAsync(cluster, "4Mi");
        var migration = await SendingAsync(guest);
        await using var outage = await Outage.OfAsync(cluster, await guest.NodeAsync());
        await outage.UntilNoticedAsync();
        VmiFacts.Phase(await guest.ReadAsync()).ShouldBe(VmiPhases.Running);
        var ticks = guest.Console.Ticks;

        await outage.VouchAsync();

        await guest.UntilVmiAsync(static v => VmiFacts.Phase(v) == VmiPhases.Failed, "to be given up", Limit);
        (await guest.EndOfAsync(migration.Name(), Limit)).Succeeded.ShouldBeFalse();
        await guest.UntilNoPodAsync();
        guest.Console.Ticks.ShouldBe(ticks);
    }

    [Fact]
    public async Task A_source_that_loses_its_power_after_the_commit_is_not_missed()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-off-late");
        var before = await guest.ReadAsync();
        var created = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        var committed = await guest.UntilVmiAsync(v => v.Text("status", "ownerPodUID") != before.Text("status", "ownerPodUID"), "to have another owner");
        VmiFacts.Address(committed).ShouldNotBe(VmiFacts.Address(before), "the guest's address is to move with the guest");
        await using var outage = await Outage.OfAsync(cluster, VmiFacts.Node(before)!);

        (await guest.EndOfAsync(created.Name(), Limit)).ShouldHaveSucceeded();

        await guest.ShouldBeUnhurtAsync(tornTicks: 1);
        await outage.UntilNoticedAsync();
        await outage.VouchAsync();
        await guest.UntilOnePodAsync();
        await guest.ShouldBeUnhurtAsync(tornTicks: 1);
    }

    [Fact]
    public async Task A_former_node_that_loses_its_power_takes_only_those_connections_along_that_went_by_way_of_it()
    {
        cluster.Require();
        await using var old = await Flows.OfAsync(cluster);
        await using var young = await Flows.OfAsync(cluster);
        await using var guest = await SmallGuest.StartAsync(cluster, "e2e-off-forwarder", "demo", $"{SmallGuest.Calm} mg.dial={old.Listener} mg.dials=4");
        var former = await guest.NodeAsync();
        await old.AcceptAsync(each: 4);
        var address = VmiFacts.Address(await guest.ReadAsync())!;
        await old.ConnectAsync(address, each: 4);
        await old.SpeakAsync();
        (await guest.MoveAsync(Limit)).ShouldHaveSucceeded();
        var moved = await guest.UntilVmiAsync(
            static v => v.Text("status", "migrationState", "forwarding", "state") == MigrationForwarding.Forwarding, "to have a forwarder");
        VmiFacts.Address(moved).ShouldNotBe(address);
        await young.ConnectAsync(VmiFacts.Address(moved)!, each: 4);
        await young.SpeakAsync();
        old.Broken.ShouldBeEmpty();

        await using var outage = await Outage.OfAsync(cluster, former);
        await outage.UntilNoticedAsync();
        await Flows.UntilBrokenAsync([.. old.All.Where(static flow => !flow.Idle)], Limit);
        await outage.VouchAsync();

        var ended = await guest.UntilVmiAsync(
            static v => v.Text("status", "migrationState", "forwarding", "state") == MigrationForwarding.Ended, "to be told that nothing is forwarded any more", Limit);
        ended.Text("status", "migrationState", "forwarding", "reason").ShouldNotBeNull().ShouldContain(former);
        (await guest.MoveAsync(Limit)).ShouldHaveSucceeded();
        (await guest.NodeAsync()).ShouldNotBe(former);
        await young.FinishAsync();
        young.Broken.Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty();
        await guest.ShouldBeUnhurtAsync(tornTicks: 1);
    }

    [Fact]
    public async Task In_post_copy_a_guest_is_lost_with_its_source_and_that_is_said()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-off-postcopy", memory: "384Mi", guestMemory: "mg.mem=224", rate: 64);
        await using var policy = await Policy.OfNamespaceAsync(
            cluster, "e2e-off-postcopy", "bandwidthPerMigration: 8Mi", "completionTimeoutPerGiB: 15", "allowPostCopy: true");
        var source = await guest.NodeAsync();
        var created = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        var sending = await guest.UntilAsync(
            created.Name(),
            static m => Lookups.IsFinal(m)
                || (m.Text("status", "migrationState", "mode") == MigrationModes.PostCopy && m.At("status", "migrationState", "targetNodeDomainReadyTimestamp") is not null));
        Lookups.IsFinal(sending).ShouldBeFalse(sending["status"]?.ToJsonString());
        await using var outage = await Outage.OfAsync(cluster, source);
        await outage.UntilNoticedAsync();
        VmiFacts.Phase(await guest.ReadAsync()).ShouldBe(VmiPhases.Running);

        await outage.VouchAsync();

        var lost = await guest.UntilVmiAsync(static v => VmiFacts.Phase(v) == VmiPhases.Failed, "to be given up", Limit);
        lost.Text("status", "migrationState", "failureReason").ShouldNotBeNull().ShouldContain("the guest is lost");
        (await guest.EndOfAsync(created.Name(), Limit)).Failure.ShouldNotBeNull().ShouldContain($"node {source} is out of service");
        await guest.UntilNoPodAsync();
    }

    [Theory]
    [InlineData("off", "node9", "has no node node9")]
    [InlineData("on", "node01", "The node node01 is not off.")]
    public async Task A_switch_that_is_not_there_is_told(string verb, string node, string message)
    {
        cluster.Require();
        var outcome = await cluster.GodwitAsync(["node", verb, node]);
        outcome.Code.ShouldNotBe(0);
        outcome.Error.ShouldContain(message);
        cluster.State.IsOff(node).ShouldBeFalse();
    }

    /// <summary>
    /// A migration whose memory is on its way. Sooner, the connection may end while it is made, and the migration fails for that before the
    /// node is known to be off.
    /// </summary>
    private async Task<JsonObject> SendingAsync(Guest guest)
    {
        var created = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        return await guest.UntilAsync(created.Name(), static m => m.Integer("status", "migrationState", "transfer", "pass") >= 1);
    }

    /// <summary>The guest as the one of a virtual machine, by which it comes back.</summary>
    private async Task<Guest> MachineAsync(string @namespace)
    {
        await Guest.EnsureNamespaceAsync(cluster, @namespace);
        JsonObject? adopted = null;
        var guest = await Guest.StartAsync(cluster, @namespace, change: vmi => adopted = vmi);
        (await cluster.KubectlAsync(["create", "-n", @namespace, "-f", "-"], new JsonObject
        {
            ["apiVersion"] = "kubevirt.io/v1",
            ["kind"] = "VirtualMachine",
            ["metadata"] = new JsonObject { ["name"] = guest.Name.Name },
            ["spec"] = new JsonObject
            {
                ["runStrategy"] = RunStrategies.Always,
                ["template"] = new JsonObject { ["spec"] = adopted!["spec"]!.DeepClone() },
            },
        }.ToJsonString())).Ok();
        await guest.UntilVmiAsync(static v => v.At("metadata", "ownerReferences") is JsonArray { Count: > 0 }, "to belong to the machine");
        return guest;
    }

    private async Task<JsonObject> UntilAnotherAsync(NamespacedName name, string than)
    {
        using var deadline = new CancellationTokenSource(Limit);
        await foreach (var change in cluster.Api.WatchAsync(Kinds.VirtualMachineInstance, name.Namespace, new() { FieldSelector = $"metadata.name={name.Name}" }, deadline.Token))
        {
            if (change.Object is JsonObject vmi && vmi.Uid() != than && VmiFacts.Phase(vmi) == VmiPhases.Running)
            {
                return vmi;
            }
        }

        throw new TimeoutException($"no other VMI than {than} came to run");
    }

    private async Task UntilGoneAsync(string pod, string node)
    {
        string[] left =
        [
            Path.Combine(cluster.State.Root, "nodes", node, "kubelet", "pods", pod),
            Path.Combine("/run/netns", $"{PowerCluster.Name}-pod-{pod[..8]}"),
        ];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (left.FirstOrDefault(Path.Exists) is { } still)
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"{still} is still there");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }
}

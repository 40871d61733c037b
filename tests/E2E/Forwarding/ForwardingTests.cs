using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>Connections that were open when a guest moved, over the plain pod network, with real guests.</summary>
public sealed class ForwardingTests(ClusterFixture cluster, ITestOutputHelper output)
{
    /// <summary>By so much more than the guest stood still may an echo be late, beside what one takes at any time.</summary>
    private static readonly TimeSpan Allowance = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_thousand_connections_survive_a_move_and_the_move_back()
    {
        cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-thousand", flows, dials: 250);
        await flows.AcceptAsync(each: 250);
        await flows.ConnectAsync(await AddressAsync(guest), each: 250);
        await flows.SpeakAsync();
        var usual = await flows.UsualAsync();
        var began = TimeProvider.System.GetUtcNow();

        var first = await MoveAsync(guest);
        var second = await MoveAsync(guest);
        await flows.FinishAsync();

        // An emulated guest stands still for longer than its pause: the target has to translate its code first.
        var stood = guest.Console.LargestGap(began, TimeProvider.System.GetUtcNow());
        output.WriteLine(flows.Table(
            $"with forwarding, pauses {first.TotalMilliseconds:0} and {second.TotalMilliseconds:0} ms, {stood.TotalMilliseconds:0} ms by the guest's own ticks; longest before the moves {usual.TotalMilliseconds:0} ms"));
        flows.All.Count.ShouldBe(1000);
        flows.Broken.Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty();
        flows.Longest.ShouldBeLessThan(stood + Allowance + usual);
        await guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task Without_forwarding_they_break()
    {
        cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var policy = await Policy.OfNamespaceAsync(cluster, "e2e-broken", "connectionForwarding: {enabled: false}");
        await using var guest = await StartAsync("e2e-broken", flows, dials: 10);
        await flows.AcceptAsync(each: 10);
        await flows.ConnectAsync(await AddressAsync(guest), each: 10);
        await flows.SpeakAsync();

        await MoveAsync(guest);
        await flows.FinishAsync();

        output.WriteLine(flows.Table("without forwarding"));
        flows.Broken.Count(static flow => flow.Kind.StartsWith("TCP", StringComparison.Ordinal)).ShouldBe(20);
        (await guest.ReadAsync()).At("status", "migrationState", "forwarding").ShouldBeNull();
        await guest.UntilOnePodAsync();
    }

    [Fact]
    public async Task An_aborted_move_disturbs_no_connection_and_leaves_nothing()
    {
        cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var policy = await Policy.OfNamespaceAsync(cluster, "e2e-abort", "bandwidthPerMigration: 4Mi");
        await using var guest = await StartAsync("e2e-abort", flows, dials: 10);
        await flows.AcceptAsync(each: 10);
        await flows.ConnectAsync(await AddressAsync(guest), each: 10);
        await flows.SpeakAsync();
        var pod = (await guest.ReadAsync()).Text("status", "ownerPodUID")!;

        var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Prepared, "to have its way prepared");
        (await DevicesAsync(pod)).ShouldContain(static name => name.StartsWith("fwd-", StringComparison.Ordinal));
        (await cluster.KubectlAsync(["delete", "vmim", migration.Name(), "-n", guest.Name.Namespace])).Ok();
        await guest.UntilOnePodAsync();

        await flows.FinishAsync();
        flows.Broken.ShouldBeEmpty();
        await guest.ShouldBeUnhurtAsync();
        await NothingLeftAsync(pod);
    }

    [Fact]
    public async Task The_pod_that_was_left_ends_when_the_last_connection_has()
    {
        cluster.RequireOwn();
        var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-last", flows, dials: 0);
        await using (flows)
        {
            await flows.ConnectAsync(await AddressAsync(guest), each: 5);
            await flows.SpeakAsync();
            var left = (await guest.ReadAsync()).Text("status", "ownerPodUID")!;
            await MoveAsync(guest);
            var vmi = await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Forwarding, "to have a forwarder");
            // UDP has no end of its own: its flows go with their kernel's time-out, which would be 120 s after answers.
            await InPodAsync(left, "sysctl -qw net.netfilter.nf_conntrack_udp_timeout=10 net.netfilter.nf_conntrack_udp_timeout_stream=10");
            vmi.Integer("status", "migrationState", "forwarding", "flows").ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(10);
            (await guest.LivingPodsAsync()).Count.ShouldBe(2);
            await flows.FinishAsync();
            flows.Broken.ShouldBeEmpty();
        }

        var ended = await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Ended, "to need no forwarder any more", TimeSpan.FromSeconds(60));
        ended.Text("status", "migrationState", "forwarding", "reason").ShouldBe("all connections have ended");
        await guest.UntilOnePodAsync();
        await NothingLeftAsync(ended.Text("status", "ownerPodUID")!);
    }

    [Theory]
    [InlineData("deadline", "connectionForwarding: {maxSeconds: 5}", "maxSeconds")]
    [InlineData("drain", "connectionForwarding: {drainSeconds: 2}", "drainSeconds")]
    public async Task Connections_that_outlive_their_time_are_cut_off_and_named(string what, string setting, string told)
    {
        cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var policy = await Policy.OfNamespaceAsync(cluster, $"e2e-{what}", setting);
        await using var guest = await StartAsync($"e2e-{what}", flows, dials: 3);
        await flows.AcceptAsync(each: 3);
        await flows.ConnectAsync(await AddressAsync(guest), each: 3);
        await flows.SpeakAsync();
        var home = await guest.NodeAsync();

        if (what == "drain")
        {
            var drain = await cluster.KubectlAsync(["drain", home, "--ignore-daemonsets", "--delete-emptydir-data", "--force", $"--pod-selector={Labels.App}={Labels.AppVirtLauncher}", "--timeout=120s"]);
            (await cluster.KubectlAsync(["uncordon", home])).Ok();
            drain.Ok();
        }
        else
        {
            await MoveAsync(guest);
        }

        var ended = await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Ended, "to lose its forwarder", TimeSpan.FromSeconds(60));
        var forwarding = ended.At("status", "migrationState", "forwarding")!;
        forwarding.Text("reason")!.ShouldContain(told);
        forwarding.Integer("flows").ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(12);
        var events = (await cluster.KubectlAsync(["get", "events", "-n", guest.Name.Namespace, "-o", "custom-columns=R:.reason,M:.message"])).Ok();
        events.ShouldContain("were cut off");
        await Flows.UntilBrokenAsync([.. flows.All.Where(static flow => !flow.Idle && flow.Kind.StartsWith("TCP", StringComparison.Ordinal))], EndLimit);
        await guest.UntilOnePodAsync();
        await guest.ShouldBeUnhurtAsync();
    }

    [Theory]
    [InlineData("source")]
    [InlineData("target")]
    public async Task An_agent_that_is_killed_takes_them_up_again(string which)
    {
        cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync($"e2e-agent-{which}", flows, dials: 5);
        await flows.AcceptAsync(each: 5);
        await flows.ConnectAsync(await AddressAsync(guest), each: 5);
        await flows.SpeakAsync();
        var home = await guest.NodeAsync();
        var process = $"handler-{(which == "source" ? home : cluster.Other(home))}";

        // Slow enough for the agent to be back before the guest stops.
        await using (await Policy.OfNamespaceAsync(cluster, guest.Name.Namespace, "bandwidthPerMigration: 4Mi"))
        {
            var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
            await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Prepared, "to have its way prepared");
            await KillAsync(process);
            (await guest.EndOfAsync(migration.Name())).ShouldHaveSucceeded();
        }

        await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Forwarding, "to have a forwarder");
        await KillAsync(process);
        await MoveAsync(guest);
        await flows.FinishAsync();
        output.WriteLine(flows.Table($"{which}'s agent killed while copying and while forwarding"));
        flows.Broken.Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty();
    }

    [Fact]
    public async Task When_the_pod_that_was_left_is_lost_only_its_connections_end()
    {
        cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-lost", flows, dials: 0);
        await flows.ConnectAsync(await AddressAsync(guest), each: 5);
        await flows.SpeakAsync();
        var left = (await guest.ReadAsync()).Text("status", "ownerPodUID")!;
        await MoveAsync(guest);
        await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Forwarding, "to have a forwarder");

        var launcher = PodProcesses.InPod(left, PodProcesses.Launcher).ShouldNotBeNull();
        (await Tool.RunAsync("/bin/kill", ["-9", $"{launcher}"], TimeSpan.FromSeconds(5))).Ok();
        await guest.UntilOnePodAsync();

        await using var fresh = await NewFlowsAsync();
        await fresh.ConnectAsync(await AddressAsync(guest), each: 5);
        await fresh.SpeakAsync();
        await fresh.FinishAsync();
        fresh.Broken.ShouldBeEmpty();
        await guest.ShouldBeUnhurtAsync();
        var pod = (await guest.ReadAsync()).Text("status", "ownerPodUID")!;
        await NothingLeftAsync(pod);
    }

    [Fact]
    public async Task A_deleted_virtual_machine_takes_its_forwarders_along()
    {
        cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-gone", flows, dials: 0);
        await flows.ConnectAsync(await AddressAsync(guest), each: 2);
        await flows.SpeakAsync();
        await MoveAsync(guest);
        var vmi = await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Forwarding, "to have a forwarder");

        (await cluster.KubectlAsync(["delete", "vmi", guest.Name.Name, "-n", guest.Name.Namespace, "--timeout=60s"])).Ok();

        using var deadline = new CancellationTokenSource(EndLimit);
        while ((await cluster.Api.LauncherPodsAsync(vmi, CancellationToken.None)).Any(static p => p.Text("status", "phase") is PodPhases.Running))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, deadline.Token);
        }
    }

    private static JsonNode First(JsonObject @object, string list) => @object.At("status", list).ShouldBeOfType<JsonArray>()[0].ShouldNotBeNull();

    private static string? State(JsonObject vmi) => vmi.Text("status", "migrationState", "forwarding", "state");

    private async Task<Flows> NewFlowsAsync()
    {
        var node = await cluster.Api.GetAsync(Kinds.Node, NamespacedName.Cluster(cluster.Nodes[0]));
        return new Flows(Flows.AddressTowards(First(node, "addresses").Text("address")!));
    }

    private Task<Guest> StartAsync(string @namespace, Flows flows, int dials) => SmallGuest.StartAsync(
        cluster, @namespace, "demo", SmallGuest.Calm + (dials > 0 ? $" mg.dial={flows.Listener} mg.dials={dials}" : ""));

    private static async Task<string> AddressAsync(Guest guest) =>
        First(await guest.ReadAsync(), "interfaces").Text("ipAddress").ShouldNotBeNull();

    private static async Task<TimeSpan> MoveAsync(Guest guest)
    {
        (await guest.MoveAsync()).ShouldHaveSucceeded();
        var state = (await guest.ReadAsync()).At("status", "migrationState")!;
        TestContext.Current.TestOutputHelper?.WriteLine($"stood still from {state.Text("pauseTimestamp")} to {state.Text("resumeTimestamp")}");
        return TimeSpan.FromMilliseconds(state.At("pauseMs")!.GetValue<double>());
    }

    private async Task KillAsync(string process)
    {
        var running = cluster.State.ReadProcess(process).ShouldNotBeNull();
        (await Tool.RunAsync("/bin/kill", ["-9", $"{running.Pid}"], TimeSpan.FromSeconds(5))).Ok();
    }

    private static async Task<IReadOnlyList<string>> DevicesAsync(string pod) => (await InPodAsync(pod, "ip -brief link")).Split('\n');

    /// <summary>What a line of shell says in the pod's network.</summary>
    private static async Task<string> InPodAsync(string pod, string line)
    {
        var launcher = PodProcesses.InPod(pod, PodProcesses.Launcher).ShouldNotBeNull();
        return (await Tool.RunAsync("nsenter", ["-t", $"{launcher}", "-n", "sh", "-c", line], TimeSpan.FromSeconds(5))).Ok();
    }

    /// <summary>No device, rule or table of a tunnel is in the pod's network any more, or soon.</summary>
    private static async Task NothingLeftAsync(string pod)
    {
        using var deadline = new CancellationTokenSource(EndLimit);
        while (true)
        {
            var found = await InPodAsync(
                pod, "ip -brief link | grep -E '^(fwd|old)-'; ip rule | grep -E '^1[01][0-9][0-9]:'; nft list tables | grep forwarding; true");
            if (found.Trim().Length == 0)
            {
                return;
            }

            deadline.IsCancellationRequested.ShouldBeFalse($"left in the pod's network: {found}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }
}

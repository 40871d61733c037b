using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>Connections that were open when a guest moved, over the plain pod network, with real guests.</summary>
[Collection<SecondSide>]
public sealed class ForwardingTests(ClusterFixture cluster, ITestOutputHelper output) : FlowTests(cluster)
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Without_forwarding_all_of_a_thousand_break()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var policy = await Policy.OfNamespaceAsync(Cluster, "e2e-broken", "connectionForwarding: {enabled: false}");
        await using var guest = await StartAsync("e2e-broken", flows, dials: 250);
        await flows.AcceptAsync(each: 250);
        await flows.ConnectAsync(await AddressAsync(guest), each: 250);
        await flows.SpeakAsync();

        await MoveAsync(guest);
        await flows.FinishAsync(atOnce: 1000);

        output.WriteLine(flows.Table("without forwarding"));
        flows.Broken.Count.ShouldBe(1000);
        (await guest.ReadAsync()).At("status", "migrationState", "forwarding").ShouldBeNull();
        await guest.UntilOnePodAsync();
    }

    [Fact]
    public async Task An_aborted_move_disturbs_no_connection_and_leaves_nothing()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var policy = await Policy.OfNamespaceAsync(Cluster, "e2e-abort", "bandwidthPerMigration: 4Mi");
        await using var guest = await StartAsync("e2e-abort", flows, dials: 10);
        await flows.AcceptAsync(each: 10);
        await flows.ConnectAsync(await AddressAsync(guest), each: 10);
        await flows.SpeakAsync();
        var pod = (await guest.ReadAsync()).Text("status", "ownerPodUID")!;

        var migration = await MigrationRequest.CreateAsync(Cluster.Api, guest.Name, node: null, CancellationToken.None);
        await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Prepared, "to have its way prepared");
        (await DevicesAsync(pod)).ShouldContain(static name => name.StartsWith("fwd-", StringComparison.Ordinal));
        (await Cluster.KubectlAsync(["delete", "vmim", migration.Name(), "-n", guest.Name.Namespace])).Ok();
        await guest.UntilOnePodAsync();

        await flows.FinishAsync();
        flows.Broken.ShouldBeEmpty();
        await guest.ShouldBeUnhurtAsync();
        await NothingLeftAsync(pod);
    }

    [Fact]
    public async Task The_pod_that_was_left_ends_when_the_last_connection_has()
    {
        Cluster.RequireOwn();
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
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var policy = await Policy.OfNamespaceAsync(Cluster, $"e2e-{what}", setting);
        await using var guest = await StartAsync($"e2e-{what}", flows, dials: 3);
        await flows.AcceptAsync(each: 3);
        await flows.ConnectAsync(await AddressAsync(guest), each: 3);
        await flows.SpeakAsync();
        var home = await guest.NodeAsync();

        if (what == "drain")
        {
            var drain = await Cluster.KubectlAsync(["drain", home, "--ignore-daemonsets", "--delete-emptydir-data", "--force", $"--pod-selector={Labels.App}={Labels.AppVirtLauncher}", "--timeout=120s"]);
            (await Cluster.KubectlAsync(["uncordon", home])).Ok();
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
        var events = (await Cluster.KubectlAsync(["get", "events", "-n", guest.Name.Namespace, "-o", "custom-columns=R:.reason,M:.message"])).Ok();
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
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var late = await NewFlowsAsync();
        await using var guest = await StartAsync($"e2e-agent-{which}", flows, dials: 5);
        await flows.AcceptAsync(each: 5);
        await flows.ConnectAsync(await AddressAsync(guest), each: 5);
        await flows.SpeakAsync();
        var home = await guest.NodeAsync();
        var pod = (await guest.ReadAsync()).Text("status", "ownerPodUID")!;
        var process = $"handler-{(which == "source" ? home : Cluster.Other(home))}";

        // Slow enough for the agent to be back before the guest stops.
        await using (await Policy.OfNamespaceAsync(Cluster, guest.Name.Namespace, "bandwidthPerMigration: 4Mi"))
        {
            var migration = await MigrationRequest.CreateAsync(Cluster.Api, guest.Name, node: null, CancellationToken.None);
            await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Prepared, "to have its way prepared");
            var tunnel = await TunnelIdAsync(pod);
            await KillAsync(process);
            // Of these the other agent has to tell the one that comes back.
            await late.ConnectAsync(await AddressAsync(guest), each: 5);
            await late.SpeakAsync();
            (await guest.EndOfAsync(migration.Name())).ShouldHaveSucceeded();
            // The way is the same all the time: at no moment would the guest have left without.
            (await TunnelIdAsync(pod)).ShouldBe(tunnel);
        }

        await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Forwarding, "to have a forwarder");
        await KillAsync(process);
        await MoveAsync(guest);
        await flows.FinishAsync();
        await late.FinishAsync();
        output.WriteLine(flows.Table($"{which}'s agent killed while copying and while forwarding"));
        output.WriteLine(late.Table("opened after the first kill"));
        flows.Broken.Concat(late.Broken).Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty();
    }

    [Fact]
    public async Task When_the_pod_that_was_left_is_lost_only_its_connections_end()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-lost", flows, dials: 0);
        await flows.ConnectAsync(await AddressAsync(guest), each: 5);
        await flows.SpeakAsync();
        var home = await guest.NodeAsync();
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
        await LogSaysAsync(home, $"pod {left} has ended, and its tunnels with it");
    }

    [Fact]
    public async Task A_deleted_virtual_machine_takes_its_forwarders_along()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-gone", flows, dials: 0);
        await flows.ConnectAsync(await AddressAsync(guest), each: 2);
        await flows.SpeakAsync();
        await MoveAsync(guest);
        var vmi = await guest.UntilVmiAsync(static vmi => State(vmi) == MigrationForwarding.Forwarding, "to have a forwarder");

        (await Cluster.KubectlAsync(["delete", "vmi", guest.Name.Name, "-n", guest.Name.Namespace, "--timeout=60s"])).Ok();

        using var deadline = new CancellationTokenSource(EndLimit);
        while ((await Cluster.Api.LauncherPodsAsync(vmi, CancellationToken.None)).Any(static p => p.Text("status", "phase") is PodPhases.Running))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, deadline.Token);
        }
    }

    /// <summary>Waits until the agent of a node has said it.</summary>
    private async Task LogSaysAsync(string node, string words)
    {
        var log = Cluster.State.LogOf($"handler-{node}");
        using var deadline = new CancellationTokenSource(EndLimit);
        while (!(await File.ReadAllTextAsync(log, CancellationToken.None)).Contains(words, StringComparison.Ordinal))
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"{log} does not say: {words}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task KillAsync(string process)
    {
        var running = Cluster.State.ReadProcess(process).ShouldNotBeNull();
        (await Tool.RunAsync("/bin/kill", ["-9", $"{running.Pid}"], TimeSpan.FromSeconds(5))).Ok();
    }

    private static async Task<IReadOnlyList<string>> DevicesAsync(string pod) => (await InPodAsync(pod, "ip -brief link")).Split('\n');

    private static Task<string> TunnelIdAsync(string pod) => InPodAsync(pod, "ip -details link | grep -o 'vxlan id [0-9]*'");

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

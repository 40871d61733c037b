using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Policies;

/// <summary>What a MigrationPolicy may set, each with a real guest that would fare otherwise without it.</summary>
[Collection<FirstSide>]
public sealed class MigrationPolicyTests(ClusterFixture cluster, PolicyGuests guests) : IClassFixture<PolicyGuests>
{
    [Fact]
    public async Task AllowAutoConverge_takes_processor_time_from_the_guest_and_the_status_shows_how_much()
    {
        cluster.Require();
        await using var policy = await Policy.OfNamespaceAsync(cluster, PolicyGuests.Namespace, "bandwidthPerMigration: 16Mi", "allowAutoConverge: true", "completionTimeoutPerGiB: 90");
        var migration = (await MigrationRequest.CreateAsync(cluster.Api, guests.Busy.Name, node: null, CancellationToken.None)).Name();

        var slowed = await guests.Busy.UntilVmiAsync(static v => v.Integer("status", "migrationState", "transfer", "throttlePercent") >= 20, "to be slowed down");

        slowed.Flag("status", "migrationState", "migrationConfiguration", "allowAutoConverge").ShouldBe(true);
        (await cluster.KubectlAsync(["delete", "vmim", migration, "-n", PolicyGuests.Namespace, "--timeout=60s"])).Ok();
        await guests.Busy.ShouldBeUnhurtAsync();
        await guests.Busy.UntilOnePodAsync();
    }

    [Fact]
    public async Task AllowWorkloadDisruption_pauses_the_guest_when_the_time_is_up_says_who_did_it_and_it_goes_on_at_the_target()
    {
        cluster.Require();
        await using var policy = await Policy.OfNamespaceAsync(cluster, PolicyGuests.Namespace, "bandwidthPerMigration: 32Mi", "allowWorkloadDisruption: true", "completionTimeoutPerGiB: 10");
        var migration = (await MigrationRequest.CreateAsync(cluster.Api, guests.Busy.Name, node: null, CancellationToken.None)).Name();

        var paused = await guests.Busy.UntilVmiAsync(static v => Guest.Condition(v, Conditions.Paused).Text("status") == Conditions.True, "to be paused");

        Guest.Condition(paused, Conditions.Paused).Text("reason").ShouldBe("PausedByMigrationMonitor");
        paused.Text("status", "migrationState", "mode").ShouldBe(MigrationModes.Paused);
        (await guests.Busy.EndOfAsync(migration)).ShouldHaveSucceeded();
        await guests.Busy.UntilVmiAsync(static v => Guest.Condition(v, Conditions.Paused).Text("status") != Conditions.True, "to be told as running");
        await guests.Busy.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task CompletionTimeoutPerGiB_of_one_is_too_short_for_a_slow_link_and_of_zero_is_no_limit()
    {
        cluster.Require();
        var before = await guests.Calm.NodeAsync();
        await using (await Policy.OfNamespaceAsync(cluster, PolicyGuests.Namespace, "bandwidthPerMigration: 8Mi", "completionTimeoutPerGiB: 1"))
        {
            (await guests.Calm.MoveAsync()).Failure.ShouldNotBeNull().ShouldStartWith("Live migration is not completed after ");
        }

        (await guests.Calm.NodeAsync()).ShouldBe(before);
        await guests.Calm.UntilOnePodAsync();
        await using (await Policy.OfNamespaceAsync(cluster, PolicyGuests.Namespace, "bandwidthPerMigration: 8Mi", "completionTimeoutPerGiB: 0"))
        {
            (await guests.Calm.MoveAsync()).ShouldHaveSucceeded();
        }

        (await EffectiveAsync(guests.Calm, "completionTimeoutPerGiB")).ShouldBe("0");
        (await guests.Calm.NodeAsync()).ShouldNotBe(before);
        await guests.Calm.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task MaxDowntimeMs_is_the_longest_that_a_busy_guest_stands_still()
    {
        cluster.Require();
        const int Most = 600;
        await using var policy = await Policy.OfNamespaceAsync(cluster, PolicyGuests.Namespace, "bandwidthPerMigration: 64Mi", $"maxDowntimeMs: {Most}");

        (await guests.Busy.MoveAsync()).ShouldHaveSucceeded();

        (await EffectiveAsync(guests.Busy, "maxDowntimeMs")).ShouldBe($"{Most}");
        (await guests.Busy.ReadAsync()).At("status", "migrationState", "pauseMs").ShouldNotBeNull().GetValue<double>().ShouldBeInRange(1, Most);
        await guests.Busy.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task Of_policies_that_all_match_the_one_that_names_more_labels_is_in_force_and_of_equals_the_first_by_name()
    {
        cluster.Require();
        const string Here = "namespaceSelector: {kubernetes.io/metadata.name: " + PolicyGuests.Namespace + "}";
        await using var wide = await Policy.CreateAsync(cluster, "a-wide", $"{{{Here}}}", "completionTimeoutPerGiB: 101");
        await using var second = await Policy.CreateAsync(cluster, "z-narrow", $"{{{Here}, virtualMachineInstanceSelector: {{tier: gold}}}}", "completionTimeoutPerGiB: 103");
        await using var other = await Policy.CreateAsync(cluster, "b-other", $"{{{Here}, virtualMachineInstanceSelector: {{tier: lead}}}}", "completionTimeoutPerGiB: 104");
        await using (await Policy.CreateAsync(cluster, "y-narrow", $"{{{Here}, virtualMachineInstanceSelector: {{tier: gold}}}}", "completionTimeoutPerGiB: 102"))
        {
            await MoveUnderAsync("y-narrow", "102");
        }

        await MoveUnderAsync("z-narrow", "103");
    }

    private async Task MoveUnderAsync(string policy, string timeout)
    {
        (await guests.Calm.MoveAsync()).ShouldHaveSucceeded();
        (await guests.Calm.ReadAsync()).Text("status", "migrationState", "migrationPolicyName").ShouldBe(policy);
        (await EffectiveAsync(guests.Calm, "completionTimeoutPerGiB")).ShouldBe(timeout);
    }

    private static async Task<string?> EffectiveAsync(Guest guest, string setting) =>
        (await guest.ReadAsync()).At("status", "migrationState", "migrationConfiguration", setting)?.ToJsonString();
}

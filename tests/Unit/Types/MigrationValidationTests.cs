using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class MigrationValidationTests
{
    private static MigrationAdmissionFacts Facts(VirtualMachineInstance? vmi, params VirtualMachineInstanceMigration[] others) =>
        new() { Vmi = vmi, Others = others, Namespace = "default", Cluster = Given.Cluster() };

    private static string Only(VirtualMachineInstanceMigration migration, MigrationAdmissionFacts facts) =>
        Validation.MigrationCreate(migration, facts).Single().Message;

    [Fact]
    public void A_running_VMI_may_be_migrated() =>
        Validation.MigrationCreate(Given.Migration(), Facts(Given.RunningVmi())).ShouldBeEmpty();

    [Fact]
    public void A_migration_names_a_VMI_that_exists_and_runs()
    {
        Only(Given.Migration(""), Facts(null)).ShouldBe("vmiName is missing");
        Only(Given.Migration(), Facts(null)).ShouldBe("the VMI \"default/vmi-fedora\" does not exist");
        var vmi = Given.RunningVmi();
        Only(Given.Migration(), Facts(vmi with { Status = new() { Phase = "Failed" } }))
            .ShouldBe("Cannot migrate VMI in finalized state.");
        Only(Given.Migration(), Facts(vmi with { Status = new() { Phase = "Scheduling" } })).ShouldContain("is not running");
    }

    [Fact]
    public void A_VMI_that_cannot_move_says_why()
    {
        var vmi = Given.RunningVmi();
        vmi = vmi with
        {
            Status = vmi.Status! with
            {
                Conditions = [new Condition { Type = "LiveMigratable", Status = "False", Reason = "R", Message = "M" }],
            },
        };
        Only(Given.Migration(), Facts(vmi)).ShouldBe("Cannot migrate VMI, Reason: R, Message: M");
    }

    [Fact]
    public void One_migration_at_a_time_for_each_VMI()
    {
        Only(Given.Migration(), Facts(Given.RunningVmi(), Given.Migration(phase: "Running", uid: "m0")))
            .ShouldBe("in-flight migration detected. Active migration job (m0) is currently already in progress for VMI vmi-fedora.");
        Validation.MigrationCreate(
            Given.Migration(),
            Facts(Given.RunningVmi(), Given.Migration(phase: "Failed"), Given.Migration("other", "Running"))).ShouldBeEmpty();
    }

    [Fact]
    public void Only_the_controller_sets_priorities()
    {
        var migration = Given.Migration();
        migration = migration with { Spec = migration.Spec! with { Priority = "system-critical" } };
        Only(migration, Facts(Given.RunningVmi()))
            .ShouldBe("Migration priority queue, only virt-controller is allowed to set priority field");
        Validation.MigrationCreate(migration, Facts(Given.RunningVmi()) with { ByController = true }).ShouldBeEmpty();
    }

    [Fact]
    public void The_gate_of_2020_counts_where_the_config_map_lists_gates()
    {
        var map = new ConfigMap { Data = new Dictionary<string, string> { ["feature-gates"] = "DataVolumes" } };
        var facts = Facts(Given.RunningVmi()) with
        {
            Cluster = ClusterConfiguration.Resolve(null, LegacyConfiguration.Read(map)),
        };
        Only(Given.Migration(), facts).ShouldBe("LiveMigration feature gate is not enabled in kubevirt-config");
    }

    [Fact]
    public void A_migration_is_fixed_once_it_is_made()
    {
        var old = Defaults.ForCreate(Given.Migration()) with { Status = new() { Phase = "Running" } };
        Validation.MigrationUpdate(old, old with { Spec = old.Spec! with { VmiName = "b" } }).Single().Message
            .ShouldBe("update of Migration object's spec is restricted");
        Validation.MigrationUpdate(old, old with { Metadata = old.Metadata with { Labels = null } }).Single().Message
            .ShouldBe("selector label can't be removed from an in-flight migration");
        var renamed = new Dictionary<string, string> { [Labels.VmiName] = "b" };
        Validation.MigrationUpdate(old, old with { Metadata = old.Metadata with { Labels = renamed } }).Single().Message
            .ShouldBe("selector label can't be modified on an in-flight migration");
        var final = old with { Status = new() { Phase = "Failed" } };
        Validation.MigrationUpdate(final, final with { Metadata = old.Metadata with { Labels = null } }).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0L, false)]
    [InlineData(1L, true)]
    [InlineData(2_000_000L, true)]
    [InlineData(2_000_001L, false)]
    public void A_policys_pause_needs_no_gate_but_a_sane_length(long downtime, bool allowed)
    {
        var errors = Validation.Policy(null, new MigrationPolicy { Spec = new MigrationPolicySpec { MaxDowntimeMs = downtime } }, Given.Cluster());
        errors.Count.ShouldBe(allowed ? 0 : 1);
        errors.ShouldAllBe(error => error.Path == "spec.maxDowntimeMs" && error.Message == "must be between 1 and 2000000" && error.Remedy.Length > 0);
    }

    [Theory]
    [InlineData("evictionStrategy", "\"Sometimes\"", "spec.configuration.evictionStrategy is set with an unrecognized option: Sometimes")]
    [InlineData("cpuRequest", "\"much\"", "'much' is not a quantity")]
    [InlineData("migrations.bandwidthPerMigration", "\"fast\"", "'fast' is not a quantity")]
    [InlineData("migrations.bandwidthPerMigration", "\"-1\"", "must not be negative")]
    [InlineData("migrations.parallelMigrationsPerCluster", "-1", "must not be negative")]
    [InlineData("migrations.parallelOutboundMigrationsPerNode", "-1", "must not be negative")]
    [InlineData("migrations.parallelInboundMigrationsPerNode", "-1", "must not be negative")]
    [InlineData("migrations.completionTimeoutPerGiB", "-1", "must not be negative")]
    [InlineData("migrations.progressTimeout", "-1", "must not be negative")]
    [InlineData("migrations.maxDowntimeMs", "0", "must be between 1 and 2000000")]
    [InlineData("migrations.connectionForwarding.maxSeconds", "0", "must be between 1 and 86400")]
    [InlineData("migrations.connectionForwarding.maxSeconds", "86401", "must be between 1 and 86400")]
    [InlineData("migrations.connectionForwarding.drainSeconds", "-1", "must be between 0 and 86400")]
    [InlineData("migrations.connectionForwarding.drainSeconds", "86401", "must be between 0 and 86400")]
    [InlineData("migrations.nodeDrainTaintKey", "\"a b\"", "'a b' is not a taint key")]
    [InlineData("developerConfiguration.memoryOvercommit", "0", "must be greater than 0")]
    [InlineData("liveUpdateConfiguration.maxHotplugRatio", "0", "must be greater than 0")]
    public void The_KubeVirt_resource_is_refused_by_field_and_with_a_remedy(string field, string value, string message)
    {
        var configuration = field.Split('.').Reverse().Aggregate(value, (inner, name) => $$$"""{"{{{name}}}":{{{inner}}}}""");
        var error = Validation.KubeVirt(Given.KubeVirt(configuration)).Single();
        (error.Path, error.Message).ShouldBe(($"spec.configuration.{field}", message));
        error.Remedy.ShouldNotBeEmpty();
    }

    [Fact]
    public void Policies_have_sane_numbers()
    {
        var policy = new MigrationPolicy
        {
            Spec = new MigrationPolicySpec { BandwidthPerMigration = "-1", CompletionTimeoutPerGiB = -1, MaxDowntimeMs = 3_000_000, ConnectionForwarding = new() { MaxSeconds = 0, DrainSeconds = -1 } },
        };
        Validation.Policy(null, policy, Given.Cluster()).Select(error => error.Path).ShouldBe(
            ["spec.completionTimeoutPerGiB", "spec.bandwidthPerMigration", "spec.maxDowntimeMs", "spec.connectionForwarding.maxSeconds", "spec.connectionForwarding.drainSeconds"]);
        Validation.Policy(null, new MigrationPolicy { Spec = new() { AllowPostCopy = true } }, Given.Cluster()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1L, 0L)]
    [InlineData(86_400L, 86_400L)]
    [InlineData(10L, 30L)]
    [InlineData(null, null)]
    public void Connections_are_carried_for_a_second_to_a_day_and_a_drain_may_be_said_to_wait_longer(long? max, long? drain) =>
        Validation.Policy(null, new MigrationPolicy { Spec = new() { ConnectionForwarding = new() { MaxSeconds = max, DrainSeconds = drain } } }, Given.Cluster()).ShouldBeEmpty();
}

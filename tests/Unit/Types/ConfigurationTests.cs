using System.Text.Json;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class ConfigurationTests
{
    private static ConfigMap Map(string migrations) =>
        new() { Data = new Dictionary<string, string> { ["feature-gates"] = "LiveMigration", ["migrations"] = migrations } };

    [Fact]
    public void The_config_map_of_2020_is_read()
    {
        var legacy = LegacyConfiguration.Read(Map("""
            parallelMigrationsPerCluster: 5
            parallelOutboundMigrationsPerNode: 2
            bandwidthPerMigration: 64Mi
            completionTimeoutPerGiB: 800
            progressTimeout: 150
            """));
        legacy.Errors.ShouldBeEmpty();
        legacy.HasGate("LiveMigration").ShouldBeTrue();
        var migrations = ClusterConfiguration.Resolve(null, legacy).Migrations;
        migrations.BandwidthPerMigration.ShouldBe("64Mi");
        migrations.CompletionTimeoutPerGiB.ShouldBe(800);
        migrations.UtilityVolumesTimeout.ShouldBe(150);
    }

    [Fact]
    public void A_process_that_starts_while_a_key_cannot_be_read_holds_what_was_noted_of_it()
    {
        var good = LegacyConfiguration.LastGood(Map("progressTimeout: 7")).ShouldNotBeNull();
        good.ShouldBe("""{"migrations":"progressTimeout: 7"}""");
        var bad = Noted(Map("progressTimeout: seven"), good);
        var read = LegacyConfiguration.Read(bad);
        read.Migrations.ProgressTimeout.ShouldBe(7);
        read.Errors.ShouldHaveSingleItem().ShouldStartWith("migrations: ");
        LegacyConfiguration.LastGood(bad).ShouldBe(good);
        LegacyConfiguration.LastGood(Noted(Map("progressTimeout: 8"), good)).ShouldBe("""{"migrations":"progressTimeout: 8"}""");
        // A key that is gone is no key that cannot be read.
        LegacyConfiguration.LastGood(Noted(new ConfigMap { Data = new Dictionary<string, string>() }, good)).ShouldBeNull();
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("[]")]
    [InlineData("""{"migrations":7}""")]
    [InlineData("""{"migrations":"progressTimeout: seven"}""")]
    public void A_note_that_was_tampered_with_counts_for_nothing(string note) =>
        LegacyConfiguration.Read(Noted(Map("progressTimeout: seven"), note)).Migrations.ProgressTimeout.ShouldBeNull();

    private static ConfigMap Noted(ConfigMap map, string note) =>
        map with { Metadata = new() { Annotations = new Dictionary<string, string> { ["godwit.dev/last-good-configuration"] = note } } };

    [Fact]
    public void Its_migrations_may_be_JSON_too() =>
        LegacyConfiguration.Read(Map("""{"bandwidthPerMigration":"1Gi","allowAutoConverge":true}"""))
            .Migrations.AllowAutoConverge.ShouldBe(true);

    [Theory]
    [InlineData("parallelMigrationsPerCluster: \"5\"")]
    [InlineData("bandwidthPerMigration: fast")]
    [InlineData("just text")]
    [InlineData("a: [")]
    public void Settings_that_cannot_be_read_leave_those_before_them_in_force(string text)
    {
        var before = LegacyConfiguration.Read(Map("bandwidthPerMigration: 64Mi"));
        var after = LegacyConfiguration.Read(Map(text), before);
        after.Migrations.BandwidthPerMigration.ShouldBe("64Mi");
        after.Errors.Single().ShouldStartWith("migrations: ");
    }

    [Fact]
    public void The_KubeVirt_resource_goes_before_the_config_map_and_a_policy_before_both()
    {
        var legacy = LegacyConfiguration.Read(Map("{\"bandwidthPerMigration\":\"64Mi\",\"progressTimeout\":7}"));
        var kubeVirt = Given.KubeVirt("""{"migrations":{"bandwidthPerMigration":"1Gi","completionTimeoutPerGiB":9}}""");
        var cluster = ClusterConfiguration.Resolve(kubeVirt, legacy).Migrations;
        (cluster.BandwidthPerMigration, cluster.ProgressTimeout, cluster.CompletionTimeoutPerGiB).ShouldBe(("1Gi", 7, 9));
        var policed = MigrationSettings.Apply(cluster, new MigrationPolicySpec { BandwidthPerMigration = "2Gi", AllowPostCopy = true });
        (policed.BandwidthPerMigration, policed.ProgressTimeout, policed.AllowWorkloadDisruption).ShouldBe(("2Gi", 7, true));
    }

    [Fact]
    public void Each_part_of_how_connections_are_carried_is_a_setting_of_its_own()
    {
        var legacy = LegacyConfiguration.Read(Map("connectionForwarding: {drainSeconds: 5, maxSeconds: 7}"));
        legacy.Errors.ShouldBeEmpty();
        var kubeVirt = Given.KubeVirt("""{"migrations":{"connectionForwarding":{"maxSeconds":60}}}""");
        var cluster = ClusterConfiguration.Resolve(kubeVirt, legacy).Migrations;
        cluster.ConnectionForwarding.ShouldBe(new() { Enabled = true, MaxSeconds = 60, DrainSeconds = 5 });
        var policed = MigrationSettings.Apply(cluster, new MigrationPolicySpec { ConnectionForwarding = new() { Enabled = false } });
        policed.ConnectionForwarding.ShouldBe(new() { Enabled = false, MaxSeconds = 60, DrainSeconds = 5 });
        MigrationSettings.Apply(cluster, new MigrationPolicySpec()).ConnectionForwarding.ShouldBe(cluster.ConnectionForwarding);
    }

    [Theory]
    [InlineData(null, null, 2)]
    [InlineData(null, 3L, 3)]
    [InlineData(4L, 3L, 4)]
    public void The_inbound_limit_is_the_resources_then_the_maps_then_two(long? resource, long? map, long expected)
    {
        var legacy = map is null ? null : LegacyConfiguration.Read(Map($"parallelInboundMigrationsPerNode: {map}"));
        var kubeVirt = resource is null ? null : Given.KubeVirt($$$"""{"migrations":{"parallelInboundMigrationsPerNode":{{{resource}}}}}""");
        ClusterConfiguration.Resolve(kubeVirt, legacy).Migrations.ParallelInboundMigrationsPerNode.ShouldBe(expected);
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("LiveMigration", null, true)]
    [InlineData("DataVolumes,LiveMigration", null, true)]
    [InlineData("DataVolumes", null, false)]
    [InlineData("", null, false)]
    [InlineData("-", null, false)]
    [InlineData("-", "LiveMigration", true)]
    public void A_config_map_that_does_not_name_the_gate_forbids_migrations_unless_the_resource_lists_it(string? map, string? resource, bool enabled)
    {
        var legacy = map is null ? null : LegacyConfiguration.Read(new ConfigMap
        {
            Data = map == "-"
                ? new Dictionary<string, string> { ["migrations"] = "progressTimeout: 7" }
                : new Dictionary<string, string> { ["feature-gates"] = map },
        });
        var kubeVirt = resource is null ? null : Given.KubeVirt($$$"""{"developerConfiguration":{"featureGates":["{{{resource}}}"]}}""");
        ClusterConfiguration.Resolve(kubeVirt, legacy).LiveMigrationEnabled.ShouldBe(enabled);
    }

    [Fact]
    public void A_KubeVirt_resource_without_a_phase_says_nothing_yet()
    {
        var kubeVirt = Given.KubeVirt("""{"migrations":{"progressTimeout":7}}""") with { Status = null };
        ClusterConfiguration.Resolve(kubeVirt, null).Migrations.ProgressTimeout.ShouldBe(150);
    }

    [Fact]
    public void Defaults_are_those_of_today()
    {
        var migrations = ClusterConfiguration.Default.Migrations;
        JsonSerializer.Serialize(migrations, TypesJson.Default.MigrationConfiguration).ShouldBe(
            """{"nodeDrainTaintKey":"kubevirt.io/drain","parallelMigrationsPerCluster":5,"parallelOutboundMigrationsPerNode":2,"parallelInboundMigrationsPerNode":2,"bandwidthPerMigration":"0","completionTimeoutPerGiB":150,"progressTimeout":150,"utilityVolumesTimeout":150,"allowAutoConverge":false,"allowPostCopy":false,"allowWorkloadDisruption":false,"unsafeMigrationOverride":false,"disableTLS":false,"maxDowntimeMs":900,"connectionForwarding":{"enabled":true,"maxSeconds":600,"drainSeconds":30}}""");
    }

    [Fact]
    public void The_policy_that_names_most_labels_wins_then_more_of_the_VMI_then_the_name()
    {
        var vmi = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" };
        var ns = new Dictionary<string, string> { ["n"] = "1" };
        string? Winner(params (string Name, string[] Ns, string[] Vmi)[] policies) => PolicyMatching.Match(
            policies.Select(policy => new MigrationPolicy
            {
                Metadata = new ObjectMeta { Name = policy.Name },
                Spec = new MigrationPolicySpec
                {
                    Selectors = new MigrationPolicySelectors
                    {
                        NamespaceSelector = policy.Ns.ToDictionary(pair => pair[..1], pair => pair[2..]),
                        VirtualMachineInstanceSelector = policy.Vmi.ToDictionary(pair => pair[..1], pair => pair[2..]),
                    },
                },
            }),
            vmi,
            ns)?.Metadata.Name;

        Winner(("all", [], []), ("one", ["n=1"], [])).ShouldBe("one");
        Winner(("ns", ["n=1"], []), ("vmi", [], ["a=1"])).ShouldBe("vmi");
        Winner(("z", [], ["a=1"]), ("y", [], ["b=2"])).ShouldBe("y");
        Winner(("no", [], ["a=2"])).ShouldBeNull();
        PolicyMatching.Match([new MigrationPolicy { Spec = new() }], vmi, ns).ShouldBeNull();
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("100m", 1)]
    [InlineData("2500m", 3)]
    [InlineData("64Mi", 67108864)]
    [InlineData("1.5Gi", 1610612736)]
    [InlineData("1e3", 1000)]
    [InlineData("2G", 2000000000)]
    public void Quantities_round_up_to_whole_numbers(string text, long value) => Sizes.Whole(text).ShouldBe(value);

    [Theory]
    [InlineData("")]
    [InlineData("Gi")]
    [InlineData("1 Gi")]
    [InlineData("1gb")]
    public void What_is_no_quantity_is_refused(string text) => Sizes.IsQuantity(text).ShouldBeFalse();

    [Theory]
    [InlineData(536870912, "512Mi")]
    [InlineData(2147483648, "2Gi")]
    [InlineData(1000, "1000")]
    [InlineData(0, "0")]
    public void Bytes_are_written_in_the_largest_unit_that_divides_them(long bytes, string text) =>
        Sizes.Format(bytes).ShouldBe(text);
}

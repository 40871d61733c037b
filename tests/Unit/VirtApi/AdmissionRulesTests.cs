using Godwit.Types;
using Godwit.VirtApi.Admission;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

/// <summary>KubeVirt's admission rules in the words that KubeVirt has for them, one row each, as its webhooks are asked.</summary>
public sealed class AdmissionRulesTests
{
    private const string Vmi = """
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstance
        metadata: {name: vm1, namespace: default}
        spec:
          domain:
            memory: {guest: 512Mi}
            devices: {}
        """;

    private const string Policy = """
        apiVersion: migrations.kubevirt.io/v1alpha1
        kind: MigrationPolicy
        metadata: {name: p}
        spec: {SPEC}
        """;

    private const string Settings = """
        apiVersion: kubevirt.io/v1
        kind: KubeVirt
        metadata: {name: kubevirt, namespace: kubevirt}
        spec: {configuration: {SPEC}}
        """;

    private static readonly ClusterConfiguration AllGates = ClusterConfiguration.Resolve(
        new KubeVirt
        {
            Status = new() { Phase = "Deployed" },
            Spec = new()
            {
                Configuration = new()
                {
                    DeveloperConfiguration = new() { FeatureGates = [FeatureGates.MigrationStallDetection, FeatureGates.MigrationDowntimeTuning] },
                },
            },
        },
        legacy: null);

    public static TheoryData<string, string> RulesOfPolicies => new()
    {
        { "completionTimeoutPerGiB: -1", "spec.completionTimeoutPerGiB: must not be negative" },
        { "bandwidthPerMigration: -1Mi", "spec.bandwidthPerMigration: must not be negative" },
        { "connectionForwarding: {maxSeconds: 0}", "spec.connectionForwarding.maxSeconds: must be between 1 and 86400" },
        { "connectionForwarding: {drainSeconds: 90000}", "spec.connectionForwarding.drainSeconds: must be between 0 and 86400" },
        { "experimental: {stallDetector: {}, downtimeTuning: {}}", "spec.experimental: experimental.stallDetector and experimental.downtimeTuning are mutually exclusive" },
        { "experimental: {stallDetector: {ewmaAlpha: '0'}}", "spec.experimental.stallDetector.ewmaAlpha: must be greater than 0" },
        { "experimental: {stallDetector: {ewmaAlpha: 1100m}}", "must be less than or equal to 1" },
        { "experimental: {stallDetector: {precopyPossibleFactor: 0.9}}", "precopyPossibleFactor: must be greater than or equal to 1" },
        { "experimental: {stallDetector: {patienceWindowDecayFactor: 2}}", "patienceWindowDecayFactor: must be less than or equal to 1" },
        { "experimental: {stallDetector: {completionTimeoutFactor: 500m}}", "completionTimeoutFactor: must be greater than or equal to 1" },
        { "experimental: {stallDetector: {completionTimeoutFactor: '1.2345'}}", "invalid scalar \"1.2345\": must have at most 3 decimal places" },
        { "experimental: {stallDetector: {ewmaAlpha: '-1'}}", "invalid scalar \"-1\": must not be negative" },
        { "experimental: {stallDetector: {ewmaAlpha: much}}", "invalid scalar \"much\"" },
    };

    public static TheoryData<string, string> RulesOfNewVmis => new()
    {
        { "spec: {evictionStrategy: Sometimes, domain: {memory: {guest: 64Mi}}}", "spec.evictionStrategy is set with an unrecognized option: Sometimes" },
        { "spec: {startStrategy: Later, domain: {memory: {guest: 64Mi}}}", "spec.startStrategy is set with an unrecognized option: Later" },
        { "spec: {volumes: [{name: v}], domain: {memory: {guest: 64Mi}}}", "spec.volumes[0] must have exactly one source type set" },
        { "spec: {volumes: [{name: v, emptyDisk: {capacity: 1Mi}, secret: {secretName: s}}], domain: {memory: {guest: 64Mi}}}", "spec.volumes[0] must have exactly one source type set" },
        { "spec: {domain: {memory: {guest: 64Mi}, devices: {disks: [{name: d, disk: {}}]}}}", "spec.domain.devices.disks[0].Name 'd' not found" },
        { "spec: {volumes: [{name: d, emptyDisk: {capacity: 1Mi}}], domain: {memory: {guest: 64Mi}, devices: {disks: [{name: d, disk: {}, bootOrder: 0}]}}}", "must have a boot order > 0, if supplied" },
        { "spec: {volumes: [{name: d, cloudInitNoCloud: {userData: LONG}}], domain: {memory: {guest: 64Mi}}}", "exceeds 2048 byte limit" },
        { "spec: {volumes: [{name: a, serviceAccount: {serviceAccountName: a}}, {name: b, serviceAccount: {serviceAccountName: b}}], domain: {memory: {guest: 64Mi}}}", "spec.volumes must have max one serviceAccount volume set" },
        { "spec: {volumes: [{name: d, hostDisk: {path: /d.img, type: Disk}}], domain: {memory: {guest: 64Mi}}}", "HostDisk feature gate is not enabled" },
        { "spec: {domain: {}}", "no memory requested, at least one of" },
        { "metadata: {name: vm1, labels: {kubevirt.io/nodeName: node01}}\nspec: {domain: {memory: {guest: 64Mi}}}", "creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited" },
    };

    public static TheoryData<string> ReservedLabels => [.. Labels.Reserved];

    [Theory]
    [MemberData(nameof(RulesOfPolicies))]
    public void A_migration_policy_is_refused(string spec, string message)
    {
        var verdict = SettingsAdmission.ValidatePolicy(Requests.Create(Policy.Replace("SPEC", spec, StringComparison.Ordinal)), AllGates);
        verdict.IsAllowed.ShouldBeFalse();
        verdict.Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("stallDetector", "MigrationStallDetection")]
    [InlineData("downtimeTuning", "MigrationDowntimeTuning")]
    public void An_experimental_option_needs_its_gate_to_be_set_or_changed_but_not_to_be_kept(string option, string gate)
    {
        string With(string inner) => Policy.Replace("SPEC", $"allowPostCopy: true, experimental: {{{option}: {inner}}}", StringComparison.Ordinal);
        var message = $"spec.experimental.{option}: experimental.{option} cannot be modified without enabling the {gate} feature gate";
        SettingsAdmission.ValidatePolicy(Requests.Create(With("{}")), ClusterConfiguration.Default).Message.ShouldStartWith(message);
        SettingsAdmission.ValidatePolicy(Requests.Update(With("{}"), With("{a: 1}")), ClusterConfiguration.Default).Message.ShouldStartWith(message);
        SettingsAdmission.ValidatePolicy(Requests.Update(With("{}"), With("{}")), ClusterConfiguration.Default).IsAllowed.ShouldBeTrue();
        SettingsAdmission.ValidatePolicy(Requests.Create(With("{}")), AllGates).IsAllowed.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(RulesOfNewVmis))]
    public void A_new_VMI_is_refused(string part, string message)
    {
        var yaml = "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\n"
            + (part.StartsWith("metadata", StringComparison.Ordinal) ? "" : "metadata: {name: vm1}\n")
            + part.Replace("LONG", new string('x', 2049), StringComparison.Ordinal);
        var request = Requests.Create(yaml);
        // As the API server does it: what defaults fill in is judged with the rest.
        var filled = request with { Object = request.After(VmiAdmission.Mutate(request, ClusterConfiguration.Default, Requests.Now)) };
        var verdict = VmiAdmission.ValidateCreate(filled, ClusterConfiguration.Default);
        verdict.IsAllowed.ShouldBeFalse();
        verdict.Message.ShouldContain(message);
    }

    [Fact]
    public void A_VMIs_spec_is_refused_to_change() =>
        VmiAdmission.ValidateUpdate(Requests.Update(Vmi, Vmi.Replace("512Mi", "1Gi", StringComparison.Ordinal)))
            .Message.ShouldContain("update of VMI object is restricted");

    [Theory]
    [MemberData(nameof(ReservedLabels))]
    public void A_reserved_label_of_a_VMI_is_refused_to_come_change_or_go(string label)
    {
        string With(string value) => Vmi.Replace("namespace: default", $"namespace: default, labels: {{{label}: {value}}}", StringComparison.Ordinal);
        const string Message = "modification of the following reserved kubevirt.io/ labels on a VMI object is prohibited";
        VmiAdmission.ValidateUpdate(Requests.Update(Vmi, With("a"))).Message.ShouldContain(Message);
        VmiAdmission.ValidateUpdate(Requests.Update(With("a"), With("b"))).Message.ShouldContain(Message);
        VmiAdmission.ValidateUpdate(Requests.Update(With("a"), Vmi)).Message.ShouldContain(Message);
        VmiAdmission.ValidateUpdate(Requests.Update(Vmi, With("a"), Installation.ControllerUser)).IsAllowed.ShouldBeTrue();
    }

    [Fact]
    public void A_migration_is_refused_to_change()
    {
        const string Migration = """
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstanceMigration
            metadata: {name: job, namespace: default, labels: {kubevirt.io/vmi-name: vm1}}
            spec: {vmiName: vm1}
            status: {phase: Running}
            """;
        string Refusal(string from, string to) =>
            MigrationAdmission.ValidateUpdate(Requests.Update(Migration, Migration.Replace(from, to, StringComparison.Ordinal))).Message;
        Refusal("vmiName: vm1", "vmiName: vm2").ShouldContain("update of Migration object's spec is restricted");
        Refusal("kubevirt.io/vmi-name: vm1", "kubevirt.io/vmi-name: vm2").ShouldContain("selector label can't be modified on an in-flight migration");
        Refusal("kubevirt.io/vmi-name: vm1", "").ShouldContain("selector label can't be removed from an in-flight migration");
    }

    [Theory]
    [InlineData("{developerConfiguration: {featureGates: [LiveMigration]}}", "feature gate LiveMigration is always on")]
    [InlineData("{migrations: {unsafeMigrationOverride: true}}", "spec.configuration.migrations.unsafeMigrationOverride has no effect: ")]
    [InlineData("{migrations: {utilityVolumesTimeout: 10}}", "spec.configuration.migrations.utilityVolumesTimeout has no effect: ")]
    [InlineData("{migrations: {matchSELinuxLevelOnMigration: true}}", "spec.configuration.migrations.matchSELinuxLevelOnMigration has no effect: ")]
    public void What_is_set_in_vain_is_stored_with_a_warning(string configuration, string warning)
    {
        var verdict = SettingsAdmission.ValidateKubeVirt(Requests.Create(Settings.Replace("{SPEC}", configuration, StringComparison.Ordinal)));
        verdict.IsAllowed.ShouldBeTrue();
        verdict.Warnings.ShouldHaveSingleItem().ShouldStartWith(warning);
    }

    [Theory]
    [InlineData("migration", "kubevirt/migration")]
    [InlineData("net/migration", "net/migration")]
    public void A_network_for_migrations_that_is_not_there_is_refused_when_it_is_named_and_not_looked_for_again(string network, string name)
    {
        var named = Settings.Replace("{SPEC}", $"{{migrations: {{network: {network}}}}}", StringComparison.Ordinal);
        var request = Requests.Create(named);
        SettingsAdmission.NewNetwork(request)!.ToString().ShouldBe(name);
        SettingsAdmission.ValidateKubeVirt(request, SettingsAdmission.NewNetwork(request)).Message
            .ShouldContain($"spec.configuration.migrations.network: the NetworkAttachmentDefinition {name} does not exist");
        SettingsAdmission.ValidateKubeVirt(request).IsAllowed.ShouldBeTrue();
        SettingsAdmission.NewNetwork(Requests.Update(named, named)).ShouldBeNull();
    }

    [Theory]
    [InlineData("a/b/c")]
    [InlineData("Big")]
    [InlineData("/x")]
    public void A_network_for_migrations_has_a_name(string network) =>
        SettingsAdmission.ValidateKubeVirt(Requests.Create(Settings.Replace("{SPEC}", $"{{migrations: {{network: {network}}}}}", StringComparison.Ordinal)))
            .Message.ShouldContain($"'{network}' is no name of a NetworkAttachmentDefinition");

    [Fact]
    public void What_has_an_effect_is_stored_without_a_word() =>
        SettingsAdmission.ValidateKubeVirt(Requests.Create(Settings.Replace("{SPEC}", "{migrations: {progressTimeout: 10, unsafeMigrationOverride: false, connectionForwarding: {enabled: false}}}", StringComparison.Ordinal)))
            .Warnings.ShouldBeEmpty();
}

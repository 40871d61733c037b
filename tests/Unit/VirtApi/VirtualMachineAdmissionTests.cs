using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Admission;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class VirtualMachineAdmissionTests
{
    private const string Template = """
          template:
            metadata: {labels: {app: web}}
            spec:
              futureField: {kept: true}
              domain: {memory: {guest: 512Mi}, devices: {}}
        """;

    private static string Vm(string strategy, string template = Template) => $$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachine
        metadata: {name: vm-fedora, namespace: default}
        spec:
        {{strategy}}
        {{template}}
        """;

    private static string Set(string selector, string template = Template) => $$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstanceReplicaSet
        metadata: {name: web, namespace: default}
        spec:
          replicas: 2
          selector: {{selector}}
        {{template}}
        """;

    private static AdmissionVerdict Validate(string yaml) =>
        VirtualMachineAdmission.Validate(Requests.Create(yaml), ClusterConfiguration.Default);

    private static AdmissionVerdict ValidateSet(string yaml) =>
        VirtualMachineAdmission.ValidateReplicaSet(Requests.Create(yaml), ClusterConfiguration.Default);

    [Fact]
    public void A_new_virtual_machine_gets_the_firmware_UUID_that_follows_from_its_name_and_is_otherwise_left_as_it_is()
    {
        var request = Requests.Create(Vm("  runStrategy: Always"));
        var stored = request.After(VirtualMachineAdmission.Mutate(request));
        stored.Text("spec", "template", "spec", "domain", "firmware", "uuid").ShouldBe("c9dc132f-1bb1-5f88-9891-deed35a6d803");
        stored.Flag("spec", "template", "spec", "futureField", "kept").ShouldBe(true);
        stored.Text("spec", "template", "metadata", "labels", "app").ShouldBe("web");
        stored.At("spec", "template", "spec", "architecture").ShouldBeNull();
        VirtualMachineAdmission.Mutate(request with { Object = stored }).Patch.ShouldBeNull();
    }

    [Theory]
    [InlineData("Always")]
    [InlineData("Halted")]
    [InlineData("Manual")]
    [InlineData("RerunOnFailure")]
    [InlineData("Once")]
    public void Every_run_strategy_is_accepted(string strategy) => Validate(Vm($"  runStrategy: {strategy}")).IsAllowed.ShouldBeTrue();

    [Theory]
    [InlineData("  running: true", null)]
    [InlineData("  running: false", null)]
    [InlineData("  {}", "spec.running: RunStrategy must be specified. Set spec.runStrategy. Use one of Always, Halted, Manual, RerunOnFailure, Once.")]
    [InlineData("  running: true\n  runStrategy: Always", "spec.running: Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead. Remove spec.running.")]
    [InlineData("  runStrategy: Sometimes", "spec.runStrategy: Invalid RunStrategy (Sometimes). Use one of Always, Halted, Manual, RerunOnFailure, Once.")]
    [InlineData("  runStrategy: WaitAsReceiver", "spec.runStrategy: Invalid RunStrategy (WaitAsReceiver), DecentralizedLiveMigration feature gate is not enabled in kubevirt resource. Migrations between clusters are not supported. Use one of Always, Halted, Manual, RerunOnFailure, Once.")]
    public void Exactly_one_of_running_and_runStrategy_says_when_it_runs(string strategy, string? refusal)
    {
        var verdict = Validate(Vm(strategy.Replace("  {}", "  updateVolumesStrategy: Replacement", StringComparison.Ordinal)));
        verdict.IsAllowed.ShouldBe(refusal is null);
        verdict.Message.ShouldBe(refusal ?? "");
    }

    [Fact]
    public void The_template_is_judged_like_a_VMI_and_errors_name_its_fields()
    {
        var verdict = Validate(Vm("  runStrategy: Always", """
              template:
                metadata: {labels: {kubevirt.io/nodeName: n1}}
                spec:
                  evictionStrategy: Sometimes
                  domain: {memory: {guest: 1Gi}, resources: {limits: {memory: 512Mi}}, devices: {disks: [{name: lost, disk: {bus: virtio}}]}}
            """));
        var paths = verdict.Causes.Select(cause => cause.Path).ToList();
        paths.ShouldContain("spec.template.metadata.labels[kubevirt.io/nodeName]");
        paths.ShouldContain("spec.template.spec.evictionStrategy");
        paths.ShouldContain(path => path.StartsWith("spec.template.spec.domain.devices.disks[0]", StringComparison.Ordinal));
        verdict.Message.ShouldContain("spec.template.spec.domain.memory.guest is greater than spec.template.spec.domain.resources.limits.memory");
        verdict.Message.ShouldNotContain("template.spec.template");
    }

    [Fact]
    public void A_missing_template_and_what_Godwit_cannot_do_are_named()
    {
        Validate(Vm("  runStrategy: Always", "")).Message.ShouldStartWith("spec.template: missing virtual machine template.");
        var verdict = Validate(Vm("  runStrategy: Always\n  instancetype: {name: u1}\n  preference: {name: p}\n  dataVolumeTemplates: [{metadata: {name: d}}]"));
        verdict.Causes.Select(cause => cause.Path).ShouldBe(["spec.dataVolumeTemplates", "spec.instancetype", "spec.preference"]);
    }

    [Fact]
    public void Nothing_keeps_what_is_being_deleted() =>
        Validate(Vm("  runStrategy: Sometimes").Replace("namespace: default", "namespace: default, deletionTimestamp: \"2026-01-02T03:04:05Z\"", StringComparison.Ordinal))
            .IsAllowed.ShouldBeTrue();

    [Theory]
    [InlineData("{matchLabels: {app: web}}", null)]
    [InlineData("{matchExpressions: [{key: app, operator: In, values: [web]}]}", null)]
    [InlineData("{matchLabels: {app: db}}", "selector does not match labels")]
    [InlineData("{matchExpressions: [{key: app, operator: Near}]}", "\"Near\" is not a valid label selector operator")]
    public void A_replica_sets_selector_matches_its_template(string selector, string? refusal)
    {
        var verdict = ValidateSet(Set(selector));
        verdict.IsAllowed.ShouldBe(refusal is null);
        verdict.Message.ShouldContain(refusal ?? "");
    }

    [Fact]
    public void A_replica_sets_template_is_judged_like_a_VMI() =>
        ValidateSet(Set("{matchLabels: {app: web}}", Template.Replace("512Mi", "lots", StringComparison.Ordinal)))
            .Causes.Select(cause => cause.Path).ShouldContain("spec.template.spec.domain.memory.guest");
}

using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Admission;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class EvictionAdmissionTests
{
    private static readonly Pod Launcher = new()
    {
        Metadata = new ObjectMeta
        {
            Name = "virt-launcher-vm1-abcde",
            Namespace = "default",
            Labels = new Dictionary<string, string> { [Labels.App] = Labels.AppVirtLauncher },
            Annotations = new Dictionary<string, string> { [Annotations.Domain] = "vm1" },
        },
        Spec = new PodSpec { NodeName = "node01" },
        Status = new PodStatus { Phase = PodPhases.Running },
    };

    [Theory]
    [InlineData(null, true, null, null)]
    [InlineData(null, false, null, null)]
    [InlineData("None", true, null, null)]
    [InlineData("LiveMigrate", true, "Eviction triggered evacuation of VMI \"default/vm1\"", "node01")]
    [InlineData("LiveMigrate", false, "VMI vm1 is configured with an eviction strategy but is not live-migratable: R: M", null)]
    [InlineData("LiveMigrateIfPossible", true, "Eviction triggered evacuation of VMI \"default/vm1\"", "node01")]
    [InlineData("LiveMigrateIfPossible", false, null, null)]
    [InlineData("None", false, null, null)]
    [InlineData("External", true, "Eviction triggered evacuation of VMI \"default/vm1\"", "node01")]
    [InlineData("External", false, "Eviction triggered evacuation of VMI \"default/vm1\"", "node01")]
    public void The_strategy_decides(string? strategy, bool migratable, string? refusal, string? node) =>
        Decide(Vmi(strategy, migratable)).ShouldBe(new EvictionDecision(refusal, node));

    [Fact]
    public void A_vmi_that_cannot_move_says_why_and_what_to_do_after_KubeVirts_own_words()
    {
        var vmi = Vmi("LiveMigrate", migratable: false);
        vmi = vmi with
        {
            Status = vmi.Status! with
            {
                Conditions = [new Condition { Type = Conditions.LiveMigratable, Status = "False", Reason = "DisksNotLiveMigratable", Message = "not shared (remedy: share it)" }],
            },
        };
        Decide(vmi).ShouldBe(new EvictionDecision(
            "VMI vm1 is configured with an eviction strategy but is not live-migratable: DisksNotLiveMigratable: not shared (remedy: share it)"));
        Decide(vmi with { Status = vmi.Status with { Conditions = null } }).ShouldBe(new EvictionDecision(
            "VMI vm1 is configured with an eviction strategy but is not live-migratable"));
    }

    [Fact]
    public void The_clusters_strategy_holds_where_the_vmi_has_none()
    {
        var cluster = ClusterConfiguration.Default with { EvictionStrategy = EvictionStrategies.LiveMigrate };
        EvictionAdmission.Decide(new() { Pod = Launcher, Vmi = Vmi(null, migratable: true), Cluster = cluster }).MarkNode.ShouldBe("node01");
    }

    [Fact]
    public void A_marked_vmi_is_not_marked_again_whichever_of_its_pods_is_evicted()
    {
        var vmi = Vmi("LiveMigrate", migratable: true);
        vmi = vmi with { Status = vmi.Status! with { EvacuationNodeName = "node01" } };
        foreach (var node in new[] { "node01", "node02" })
        {
            EvictionAdmission.Decide(new() { Pod = On(node), Vmi = vmi, Cluster = ClusterConfiguration.Default })
                .ShouldBe(new("Evacuation in progress: Eviction triggered evacuation of VMI \"default/vm1\""));
        }
    }

    [Fact]
    public void The_target_of_a_migration_is_not_evicted() =>
        EvictionAdmission.Decide(new() { Pod = On("node02"), Vmi = Vmi("LiveMigrate", migratable: true), Cluster = ClusterConfiguration.Default })
            .ShouldBe(new("Eviction request for target Pod"));

    /// <summary>Pod, mark, completed, and whether it may be evicted.</summary>
    [Theory]
    [InlineData("source", true, true, true)]
    [InlineData("source", false, true, true)]
    [InlineData("source", false, null, false)]
    [InlineData("before", true, true, true)]
    [InlineData("before", false, true, false)]
    [InlineData("target", true, true, false)]
    public void A_pod_that_only_carries_old_connections_is_evicted_at_once_though_the_guest_may_be_back_on_its_node(string uid, bool marked, bool? completed, bool allowed)
    {
        var vmi = Vmi("LiveMigrate", migratable: true);
        vmi = vmi with
        {
            Status = vmi.Status! with
            {
                OwnerPodUID = completed == true ? "target" : "source",
                MigrationState = new() { SourcePodUID = "source", TargetPodUID = "target", Completed = completed },
            },
        };
        var decision = EvictionAdmission.Decide(new() { Pod = Forwarder(uid, marked), Vmi = vmi, Cluster = ClusterConfiguration.Default });
        decision.ShouldBe(allowed ? EvictionDecision.Allow : new("Eviction triggered evacuation of VMI \"default/vm1\"", "node01"));
    }

    [Fact]
    public void A_forwarder_whose_vmi_is_gone_may_be_evicted_once_it_is_being_deleted()
    {
        var forwarder = Forwarder("source", marked: true);
        EvictionFacts Facts(Pod pod) => new() { Pod = pod, VmiError = "gone", Cluster = ClusterConfiguration.Default };
        EvictionAdmission.Decide(Facts(forwarder with { Metadata = forwarder.Metadata with { DeletionTimestamp = Requests.Now } })).ShouldBe(EvictionDecision.Allow);
        EvictionAdmission.Decide(Facts(forwarder)).Refusal.ShouldNotBeNull();
    }

    [Fact]
    public void Pods_that_are_no_living_launchers_may_be_evicted()
    {
        Pod?[] others =
        [
            null,
            Launcher with { Metadata = Launcher.Metadata with { Labels = null } },
            Launcher with { Metadata = Launcher.Metadata with { Annotations = null } },
            Launcher with { Status = new PodStatus { Phase = PodPhases.Succeeded } },
            Launcher with { Status = new PodStatus { Phase = PodPhases.Failed } },
        ];
        foreach (var pod in others)
        {
            EvictionAdmission.Decide(new() { Pod = pod, Cluster = ClusterConfiguration.Default }).ShouldBe(EvictionDecision.Allow);
        }
    }

    [Fact]
    public void A_vmi_that_cannot_be_read_keeps_its_pod() =>
        EvictionAdmission.Decide(new() { Pod = Launcher, VmiError = "gone", Cluster = ClusterConfiguration.Default })
            .ShouldBe(new("kubevirt failed getting the vmi: gone"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_mark_names_the_node_and_the_descheduler(bool annotated)
    {
        var vmi = Vmi("LiveMigrate", migratable: true);
        vmi = annotated ? vmi with { Metadata = vmi.Metadata with { Annotations = new Dictionary<string, string> { ["a"] = "b" } } } : vmi;
        var document = System.Text.Json.JsonSerializer.SerializeToNode(vmi, TypesJson.Default.VirtualMachineInstance);
        var marked = JsonPatch.Apply(document, EvictionAdmission.Mark(vmi, "node01", byDescheduler: true));
        marked.Text("status", "evacuationNodeName").ShouldBe("node01");
        marked.Text("metadata", "annotations", "kubevirt.io/eviction-source").ShouldBe("descheduler");
        marked.Text("metadata", "annotations", "a").ShouldBe(annotated ? "b" : null);
    }

    [Fact]
    public void A_rehearsal_is_seen_in_the_request_and_in_its_options()
    {
        var request = Requests.Create("metadata: {name: virt-launcher-vm1-abcde, namespace: default}\ndeleteOptions: {dryRun: [All]}\n");
        EvictionAdmission.IsDryRun(request).ShouldBeTrue();
        EvictionAdmission.IsDryRun(request with { Object = new JsonObject() }).ShouldBeFalse();
        EvictionAdmission.IsDryRun(request with { Object = new JsonObject(), DryRun = true }).ShouldBeTrue();
    }

    private static Pod On(string node) => Launcher with { Spec = new PodSpec { NodeName = node } };

    private static Pod Forwarder(string uid, bool marked) => Launcher with
    {
        Metadata = Launcher.Metadata with
        {
            Uid = uid,
            Labels = marked ? new Dictionary<string, string>(Launcher.Metadata.Labels!) { [Labels.Forwarder] = "m1" } : Launcher.Metadata.Labels,
        },
    };

    private static EvictionDecision Decide(VirtualMachineInstance vmi) =>
        EvictionAdmission.Decide(new() { Pod = Launcher, Vmi = vmi, Cluster = ClusterConfiguration.Default });

    private static VirtualMachineInstance Vmi(string? strategy, bool migratable) => new()
    {
        Metadata = new ObjectMeta { Name = "vm1", Namespace = "default" },
        Spec = new VirtualMachineInstanceSpec { EvictionStrategy = strategy },
        Status = new VirtualMachineInstanceStatus
        {
            Phase = VmiPhases.Running,
            NodeName = "node01",
            Conditions = [migratable
                ? new Condition { Type = Conditions.LiveMigratable, Status = "True" }
                : new Condition { Type = Conditions.LiveMigratable, Status = "False", Reason = "R", Message = "M" }],
        },
    };
}

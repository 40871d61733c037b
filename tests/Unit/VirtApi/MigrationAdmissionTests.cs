using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Admission;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class MigrationAdmissionTests
{
    private const string Migration = """
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstanceMigration
        metadata: {name: job, namespace: default}
        spec: {vmiName: vm1}
        """;

    private static readonly VirtualMachineInstance Running = new()
    {
        Metadata = new ObjectMeta { Name = "vm1", Namespace = "default" },
        Status = new VirtualMachineInstanceStatus { Phase = VmiPhases.Running },
    };

    [Fact]
    public void A_new_migration_can_be_found_by_its_vmi_and_is_held_by_a_finalizer()
    {
        var request = Requests.Create(Migration);
        var stored = request.After(MigrationAdmission.Mutate(request));
        stored.Text("metadata", "labels", "kubevirt.io/vmi-name").ShouldBe("vm1");
        stored.At("metadata", "finalizers")!.ToJsonString().ShouldBe("""["kubevirt.io/migrationJobFinalize"]""");
    }

    [Fact]
    public void The_gate_of_2020_is_asked_only_where_its_config_map_has_the_say()
    {
        Judge(Migration, cluster: Requests.Legacy("DataVolumes")).Message.ShouldContain("LiveMigration feature gate is not enabled in kubevirt-config");
        Judge(Migration, cluster: Requests.Legacy("DataVolumes,LiveMigration")).IsAllowed.ShouldBeTrue();
        Judge(Migration, cluster: ClusterConfiguration.Default).IsAllowed.ShouldBeTrue();
    }

    [Fact]
    public void A_refusal_that_is_about_no_field_is_a_plain_sentence()
    {
        var verdict = Judge(Migration, cluster: Requests.Legacy("DataVolumes"));
        verdict.Code.ShouldBe(403);
        verdict.Causes.ShouldBeEmpty();
        verdict.Message.ShouldStartWith("LiveMigration feature gate is not enabled in kubevirt-config. Add LiveMigration to the key feature-gates");
    }

    [Fact]
    public void Each_reason_against_a_migration_has_its_own_words()
    {
        Judge(Migration.Replace("{vmiName: vm1}", "{}", StringComparison.Ordinal)).Message.ShouldContain("vmiName is missing");
        Judge(Migration, vmi: null).Message.ShouldContain("the VMI \"default/vm1\" does not exist");
        Judge(Migration, Running with { Status = Running.Status! with { Phase = VmiPhases.Failed } })
            .Message.ShouldContain("Cannot migrate VMI in finalized state.");
        Judge(Migration.Replace("{vmiName: vm1}", "{vmiName: vm1, priority: system-critical}", StringComparison.Ordinal), Running)
            .Message.ShouldContain("Migration priority queue, only virt-controller is allowed to set priority field");
        var pinned = new Condition { Type = Conditions.LiveMigratable, Status = "False", Reason = "DisksNotLiveMigratable", Message = "no RWX" };
        Judge(Migration, Running with { Status = Running.Status! with { Conditions = [pinned] } })
            .Message.ShouldContain("Cannot migrate VMI, Reason: DisksNotLiveMigratable, Message: no RWX");
    }

    [Fact]
    public void A_second_migration_of_the_same_vmi_is_refused_until_the_first_has_ended()
    {
        var other = new VirtualMachineInstanceMigration
        {
            Metadata = new ObjectMeta { Name = "first", Namespace = "default", Uid = "uid-7" },
            Spec = new VirtualMachineInstanceMigrationSpec { VmiName = "vm1" },
            Status = new VirtualMachineInstanceMigrationStatus { Phase = MigrationPhases.Running },
        };
        Judge(Migration, Running, others: [other]).Message.ShouldContain(
            "in-flight migration detected. Active migration job (uid-7) is currently already in progress for VMI vm1.");
        Judge(Migration, Running, others: [other with { Status = new() { Phase = MigrationPhases.Failed } }]).IsAllowed.ShouldBeTrue();
    }

    [Fact]
    public void The_spec_of_a_migration_is_fixed()
    {
        var verdict = MigrationAdmission.ValidateUpdate(
            Requests.Update(Migration, Migration.Replace("vm1", "vm2", StringComparison.Ordinal), Installation.ControllerUser));
        verdict.Message.ShouldContain("update of Migration object's spec is restricted");
    }

    [Fact]
    public void A_review_answers_with_the_uid_of_its_request_and_an_encoded_patch()
    {
        var review = MigrationAdmission.Mutate(Requests.Create(Migration)).ToReview(Requests.Create(Migration));
        review.Text("apiVersion").ShouldBe("admission.k8s.io/v1");
        review.Text("response", "uid").ShouldBe("review-1");
        review.Text("response", "patchType").ShouldBe("JSONPatch");
        var patch = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(review.Text("response", "patch")!)));
        patch!.AsArray().ShouldNotBeEmpty();
        AdmissionVerdict.TooManyRequests("later").ToReview(Requests.Create(Migration))["response"]!.ToJsonString().ShouldBe(
            """{"uid":"review-1","allowed":false,"status":{"metadata":{},"status":"Failure","code":429,"reason":"TooManyRequests","message":"later"}}""");
    }

    private static AdmissionVerdict Judge(string migration, ClusterConfiguration? cluster = null) => Judge(migration, Running, cluster);

    private static AdmissionVerdict Judge(
        string migration,
        VirtualMachineInstance? vmi,
        ClusterConfiguration? cluster = null,
        IReadOnlyList<VirtualMachineInstanceMigration>? others = null) =>
        MigrationAdmission.ValidateCreate(
            Requests.Create(migration),
            new() { Namespace = "default", Vmi = vmi, Cluster = cluster ?? ClusterConfiguration.Default, Others = others ?? [] });
}

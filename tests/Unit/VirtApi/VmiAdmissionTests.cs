using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Admission;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class VmiAdmissionTests
{
    private const string Vmi = """
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstance
        metadata: {name: vm1, namespace: default, labels: {app: web}}
        spec:
          domain:
            memory: {guest: 512Mi}
            futureField: {kept: true}
            devices: {}
        """;

    [Fact]
    public void A_new_vmi_is_filled_in_held_by_a_finalizer_and_pending()
    {
        var request = Requests.Create(Vmi);
        var stored = request.After(VmiAdmission.Mutate(request, ClusterConfiguration.Default, Requests.Now));
        stored.Text("status", "phase").ShouldBe("Pending");
        stored.At("metadata", "finalizers")!.ToJsonString().ShouldBe("""["kubevirt.io/foregroundDeleteVirtualMachine"]""");
        stored.Text("metadata", "labels", "app").ShouldBe("web");
        stored.Text("spec", "architecture").ShouldBe("amd64");
        stored.Text("spec", "domain", "machine", "type").ShouldBe("q35");
        stored.Flag("spec", "domain", "futureField", "kept").ShouldBe(true);
        VmiAdmission.ValidateCreate(request with { Object = stored }, ClusterConfiguration.Default).IsAllowed.ShouldBeTrue();
    }

    [Fact]
    public void A_status_that_a_user_brings_along_is_not_kept()
    {
        var request = Requests.Create(Vmi + "\nstatus: {phase: Running, nodeName: evil, ownerPodUID: x}\n");
        var stored = request.After(VmiAdmission.Mutate(request, ClusterConfiguration.Default, Requests.Now));
        stored.Text("status", "phase").ShouldBe("Pending");
        stored.At("status", "nodeName").ShouldBeNull();
        stored.At("status", "ownerPodUID").ShouldBeNull();
    }

    [Theory]
    [InlineData("status: {phase: Running, nodeName: n1}", "status: {phase: Running, nodeName: n2}")]
    [InlineData("status: {phase: Running}", "")]
    [InlineData("", "status: {phase: Failed}")]
    [InlineData("status: {phase: Running}", "status: {phase: Running}")]
    public void A_users_update_leaves_the_status_as_it_was_without_a_word(string before, string after)
    {
        var request = Requests.Update($"{Vmi}\n{before}\n", $"{Vmi}\n{after}\n");
        var verdict = VmiAdmission.Mutate(request, ClusterConfiguration.Default, Requests.Now);
        verdict.IsAllowed.ShouldBeTrue();
        JsonNode.DeepEquals(request.After(verdict)["status"], request.OldObject!["status"]).ShouldBeTrue();
    }

    [Theory]
    [InlineData(Installation.ControllerUser)]
    [InlineData(Installation.HandlerUser)]
    [InlineData(Installation.ApiUser)]
    public void Components_write_the_status(string user)
    {
        var request = Requests.Update(Vmi, Vmi + "\nstatus: {phase: Running}\n", user);
        VmiAdmission.Mutate(request, ClusterConfiguration.Default, Requests.Now).Patch.ShouldBeNull();
        VmiAdmission.ValidateUpdate(request).IsAllowed.ShouldBeTrue();
    }

    [Fact]
    public void The_spec_is_fixed_once_the_vmi_is_created()
    {
        var verdict = VmiAdmission.ValidateUpdate(Requests.Update(Vmi, Vmi.Replace("512Mi", "1Gi", StringComparison.Ordinal)));
        verdict.Code.ShouldBe(422);
        verdict.Message.ShouldContain("update of VMI object is restricted");
        verdict.Causes.ShouldHaveSingleItem().Path.ShouldBe("spec");
    }

    [Fact]
    public void A_value_of_the_wrong_type_is_named()
    {
        var verdict = VmiAdmission.ValidateCreate(
            Requests.Create(Vmi.Replace("{guest: 512Mi}", "[1, 2]", StringComparison.Ordinal)), ClusterConfiguration.Default);
        verdict.Code.ShouldBe(400);
        verdict.Message.ShouldStartWith("spec.domain.memory: the value has the wrong type");
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var verdict = VmiAdmission.ValidateCreate(
            Requests.Create("""
                metadata: {name: vm1, namespace: default, labels: {kubevirt.io/nodeName: n1}}
                spec:
                  evictionStrategy: Sometimes
                  domain: {memory: {guest: 512Mi}, devices: {disks: [{name: lost, disk: {bus: virtio}}]}}
                """),
            ClusterConfiguration.Default);
        verdict.Causes.Count.ShouldBeGreaterThanOrEqualTo(3);
        var details = verdict.ToReview(Requests.Create(Vmi))["response"]!["status"]!["details"]!;
        details["causes"]!.AsArray().Count.ShouldBe(verdict.Causes.Count);
    }

    [Fact]
    public void A_refusal_names_the_object_and_each_of_its_causes_tells_the_remedy()
    {
        var request = Requests.Create(Vmi);
        var details = AdmissionVerdict.Judge([new("spec.a", "a is wrong.", "Leave it out.")]).ToReview(request)["response"]!["status"]!["details"]!;
        details["name"]!.GetValue<string>().ShouldBe(request.Key.Name);
        details["causes"]!.ToJsonString().ShouldBe("""[{"reason":"FieldValueInvalid","message":"a is wrong. Leave it out.","field":"spec.a"}]""");
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Subresources;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class VirtualMachineRulesTests
{
    private const string Cannot = "Operation cannot be fulfilled on virtualmachine.kubevirt.io \"vm1\": ";
    private static readonly ChangeOptions None = new();

    private static VirtualMachine Vm(string strategy, VirtualMachineStatus? status = null) => new()
    {
        Metadata = new ObjectMeta { Name = "vm1", Namespace = "default", Uid = "vm-uid", ResourceVersion = "5" },
        Spec = new VirtualMachineSpec { RunStrategy = strategy },
        Status = status,
    };

    private static VirtualMachineInstance? Vmi(string? phase, long? grace = null) => phase is null ? null : new()
    {
        Metadata = new ObjectMeta { Name = "vm1", Namespace = "default", Uid = "vmi-uid" },
        Spec = new VirtualMachineInstanceSpec { TerminationGracePeriodSeconds = grace },
        Status = new VirtualMachineInstanceStatus { Phase = phase },
    };

    private static string Said(VirtualMachineChange change) => change switch
    {
        { Refusal: { } refusal } => $"{refusal.Code} {refusal.Message}",
        { Spec: { } spec } => spec["spec"]!.ToJsonString(),
        _ => change.Status!["status"]!.ToJsonString(),
    };

    [Theory]
    [InlineData("Halted", null, """{"runStrategy":"Always"}""")]
    [InlineData("Halted", "Failed", """{"runStrategy":"Always"}""")]
    [InlineData("Manual", null, """{"stateChangeRequests":[{"action":"Start"}]}""")]
    [InlineData("Manual", "Succeeded", """{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"},{"action":"Start"}]}""")]
    [InlineData("RerunOnFailure", null, """{"stateChangeRequests":[{"action":"Start"}]}""")]
    [InlineData("RerunOnFailure", "Succeeded", """{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"},{"action":"Start"}]}""")]
    [InlineData("RerunOnFailure", "Failed", "409 " + Cannot + "RerunOnFailure does not support starting VM from failed state")]
    [InlineData("Always", null, "409 " + Cannot + "Always does not support manual start requests")]
    [InlineData("Once", null, "409 " + Cannot + "Once does not support manual start requests")]
    [InlineData("Halted", "Running", "409 " + Cannot + "VM is already running")]
    [InlineData("Manual", "Scheduling", "409 " + Cannot + "VM is already running")]
    public void A_start_turns_the_strategy_or_is_asked_for_or_is_refused(string strategy, string? phase, string said) =>
        Said(VirtualMachineRules.Start(Vm(strategy), Vmi(phase), None)).ShouldBe(said);

    [Theory]
    [InlineData("Halted", """{"stateChangeRequests":[{"action":"Start","data":{"paused":"true"}}]}""")]
    [InlineData("Manual", """{"stateChangeRequests":[{"action":"Start","data":{"paused":"true"}}]}""")]
    public void A_paused_start_is_always_a_request(string strategy, string said) =>
        Said(VirtualMachineRules.Start(Vm(strategy), null, new ChangeOptions { Paused = true })).ShouldBe(said);

    [Theory]
    [InlineData("Always", "Running", null, """{"runStrategy":"Halted"}""")]
    [InlineData("Always", null, null, """{"runStrategy":"Halted"}""")]
    [InlineData("Once", "Running", null, """{"runStrategy":"Halted"}""")]
    [InlineData("Manual", "Running", null, """{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"}]}""")]
    [InlineData("RerunOnFailure", "Scheduling", null, """{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"}]}""")]
    [InlineData("Manual", null, null, "409 " + Cannot + "VM is not running")]
    [InlineData("RerunOnFailure", "Failed", null, "409 " + Cannot + "VM is not running")]
    [InlineData("Halted", null, null, "409 " + Cannot + "VM is not running")]
    [InlineData("Halted", "Running", null, "409 " + Cannot + "Halted only supports manual stop requests with a shorter graceperiod")]
    [InlineData("Halted", "Running", 30L, "409 " + Cannot + "Halted only supports manual stop requests with a shorter graceperiod")]
    [InlineData("Halted", "Running", 5L, """{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"}]}""")]
    [InlineData("Manual", "Running", -1L, "400 gracePeriod has to be greater or equal to 0")]
    public void A_stop_turns_the_strategy_or_is_asked_for_or_is_refused(string strategy, string? phase, long? grace, string said)
    {
        var change = VirtualMachineRules.Stop(Vm(strategy), Vmi(phase, grace: 30), new ChangeOptions { GracePeriod = grace });
        Said(change).ShouldBe(said);
        change.GracePeriodSeconds.ShouldBe(change.Refusal is null ? grace : null);
    }

    [Theory]
    [InlineData("Always", "Running", null, """{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"},{"action":"Start"}]}""")]
    [InlineData("Manual", "Running", 0L, """{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"},{"action":"Start"}]}""")]
    [InlineData("Always", null, null, "409 " + Cannot + "VM is not running: Halted")]
    [InlineData("Halted", "Running", null, "409 " + Cannot + "RunStategy Halted does not support manual restart requests")]
    [InlineData("Once", "Running", null, "409 " + Cannot + "RunStategy Once does not support manual restart requests")]
    [InlineData("Always", "Running", 5L, "400 For force restart, only gracePeriod=0 is supported for now")]
    [InlineData("Always", "Running", -1L, "400 gracePeriod has to be greater or equal to 0")]
    public void A_restart_is_a_stop_of_this_VMI_and_a_start(string strategy, string? phase, long? grace, string said)
    {
        var change = VirtualMachineRules.Restart(Vm(strategy), Vmi(phase), new ChangeOptions { GracePeriodSeconds = grace });
        Said(change).ShouldBe(said);
        change.GracePeriodSeconds.ShouldBe(grace == 0 ? 1 : null);
    }

    [Fact]
    public void One_wish_waits_for_the_other_but_a_stop_takes_the_place_of_all()
    {
        var busy = new VirtualMachineStatus { StateChangeRequests = [new VirtualMachineStateChangeRequest { Action = "Start" }] };
        Said(VirtualMachineRules.Restart(Vm("Manual", busy), Vmi("Running"), None))
            .ShouldBe("500 Internal error occurred: unable to complete request: stop/start already underway");
        Said(VirtualMachineRules.Stop(Vm("Manual", busy), Vmi("Running"), None))
            .ShouldBe("""{"stateChangeRequests":[{"action":"Stop","uid":"vmi-uid"}]}""");
    }

    [Fact]
    public void Who_starts_by_hand_does_not_wait_for_the_back_off() =>
        Said(VirtualMachineRules.Start(Vm("RerunOnFailure", new VirtualMachineStatus { StartFailure = new VirtualMachineStartFailure() }), null, None))
            .ShouldBe("""{"stateChangeRequests":[{"action":"Start"}],"startFailure":null}""");

    [Fact]
    public void The_old_field_running_is_kept_where_it_is_used()
    {
        var vm = Vm("x") with { Spec = new VirtualMachineSpec { Running = false } };
        Said(VirtualMachineRules.Start(vm, null, None)).ShouldBe("""{"running":true}""");
    }

    [Theory]
    [InlineData(null, "404 virtualmachineinstance.kubevirt.io \"vm1\" not found")]
    [InlineData("Scheduling", "409 " + Cannot + "VM is not running")]
    [InlineData("Running", null)]
    public void Only_a_running_VMI_can_be_moved(string? phase, string? said)
    {
        var refusal = VirtualMachineRules.Migrate("vm1", Vmi(phase));
        (refusal is null ? null : $"{refusal.Code} {refusal.Message}").ShouldBe(said);
    }

    [Fact]
    public void A_migration_is_named_as_clients_expect_it_and_has_the_added_node_selector()
    {
        var migration = VirtualMachineRules.Migration(
            new NamespacedName("default", "vm1"), ChangeOptions.Read("""{"addedNodeSelector":{"zone":"b"}}"""u8));
        migration.Metadata.GenerateName.ShouldBe("kubevirt-migrate-vm-");
        migration.Spec!.VmiName.ShouldBe("vm1");
        migration.Spec.AddedNodeSelector.ShouldBe(new Dictionary<string, string> { ["zone"] = "b" });
    }

    [Fact]
    public void An_evacuation_is_not_called_off_while_the_node_is_drained()
    {
        var node = new Node
        {
            Metadata = new ObjectMeta { Name = "node01" },
            Spec = new NodeSpec { Taints = [new Taint { Key = Taints.Drain, Effect = "NoSchedule" }] },
        };
        var refusal = VirtualMachineRules.CancelEvacuation(node, Taints.Drain)!;
        (refusal.Code, refusal.Message).ShouldBe((400, "Node \"node01\" has NodeDrainTaintKey \"kubevirt.io/drain:NoSchedule\""));
        VirtualMachineRules.CancelEvacuation(node, "other").ShouldBeNull();
        VirtualMachineRules.CancelEvacuation(null, Taints.Drain).ShouldBeNull();
    }

    [Theory]
    [InlineData("", true, false)]
    [InlineData("{}", false, false)]
    [InlineData("""{"dryRun":[]}""", false, false)]
    [InlineData("""{"dryRun":["All"],"unknown":1}""", false, true)]
    public void Options_may_be_left_out(string body, bool empty, bool dryRun)
    {
        var options = ChangeOptions.Read(Encoding.UTF8.GetBytes(body));
        (options.IsEmpty, options.DryRun).ShouldBe((empty, dryRun));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"dryRun":["Some"]}""")]
    [InlineData("""{"gracePeriod":"long"}""")]
    [InlineData("""{"paused":"yes"}""")]
    public void Options_that_cannot_be_read_are_refused(string body) =>
        Should.Throw<FormatException>(() => ChangeOptions.Read(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_refusal_is_a_Status_and_success_has_no_body()
    {
        ChangeAnswer.Accepted.ToStatus().ShouldBeNull();
        JsonNode.DeepEquals(
            ChangeAnswer.NotFound("virtualmachine", "vm1").ToStatus(),
            JsonNode.Parse("""
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"NotFound","code":404,
                 "message":"virtualmachine.kubevirt.io \"vm1\" not found",
                 "details":{"name":"vm1","group":"kubevirt.io","kind":"virtualmachine"}}
                """)).ShouldBeTrue();
    }
}

using Godwit.LocalCluster.Objects;
using Godwit.LocalCluster.Scheduling;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Scheduling;

public sealed class PodGarbageTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 22, 10, 0, 0, TimeSpan.Zero);

    private static Node Node(string ready, bool outOfService) => new()
    {
        Metadata = new ObjectMeta { Name = "node01" },
        Spec = new NodeSpec { Taints = outOfService ? [new Taint { Key = PodGarbage.OutOfService, Effect = "NoExecute" }] : null },
        Status = new NodeStatus { Conditions = [new NodeCondition { Type = "Ready", Status = ready }] },
    };

    private static Pod Pod(bool deleting, string phase = "Running", string ready = "True") => new()
    {
        Metadata = new ObjectMeta { Name = "p", Namespace = "default", DeletionTimestamp = deleting ? Now : null },
        Spec = new PodSpec { NodeName = "node01" },
        Status = new PodStatus { Phase = phase, Conditions = [new PodCondition { Type = "Ready", Status = ready }] },
    };

    [Theory]
    [InlineData("Unknown", true, true, true)]
    [InlineData("False", true, true, true)]
    [InlineData("True", true, true, false)]
    [InlineData("Unknown", false, true, false)]
    [InlineData("Unknown", true, false, false)]
    public void Only_what_is_being_deleted_on_a_silent_node_that_is_vouched_to_be_off_goes_by_force(string ready, bool outOfService, bool deleting, bool goes) =>
        PodGarbage.Why(Pod(deleting), Node(ready, outOfService), isLongMissing: false).ShouldBe(goes ? "PodGC: node is out of service" : null);

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "PodGC: node no longer exists")]
    public void A_pod_without_a_node_goes_when_the_node_has_been_missing_for_long(bool isLongMissing, string? why) =>
        PodGarbage.Why(Pod(deleting: false), node: null, isLongMissing).ShouldBe(why);

    [Theory]
    [InlineData("Unknown", "Running", "True", true)]
    [InlineData("True", "Running", "True", false)]
    [InlineData("Unknown", "Running", "False", false)]
    [InlineData("Unknown", "Succeeded", "True", false)]
    public void Nobody_knows_whether_a_pod_of_a_silent_node_is_ready(string node, string phase, string ready, bool loses) =>
        PodGarbage.LosesReadiness(Pod(deleting: false, phase, ready), Node(node, outOfService: false)).ShouldBe(loses);
}

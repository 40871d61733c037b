using Godwit.Types;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Forwarding;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class CachedVmiTests
{
    private static readonly MigrationState Move = new()
    {
        MigrationUid = "m1",
        SourceNode = "b",
        SourcePodUID = "pod-b",
        TargetNode = "c",
        TargetPodUID = "pod-c",
        TargetPod = "virt-launcher-demo-c",
        MigrationConfiguration = new MigrationConfiguration { DisableTLS = true, ConnectionForwarding = new ConnectionForwarding { MaxSeconds = 60 } },
        Forwarding = new MigrationForwarding { State = MigrationForwarding.Prepared },
    };

    public static TheoryData<string, VirtualMachineInstance> Concerned => new()
    {
        { "its guest is here", With(static s => s with { NodeName = "a" }) },
        { "its guest leaves from here", With(static s => s with { MigrationState = Move with { SourceNode = "a" } }) },
        { "its guest comes here", With(static s => s with { MigrationState = Move with { TargetNode = "a" } }) },
        { "a pod is here that it left two moves ago", With(static s => s with { ActivePods = new Dictionary<string, string> { ["pod-a"] = "a", ["pod-b"] = "b" } }) },
        { "its label says so", Labelled(Labels.NodeName) },
        { "its label says that it comes", Labelled(Labels.MigrationTargetNodeName) },
    };

    [Theory]
    [MemberData(nameof(Concerned))]
    public void A_VMI_that_has_to_do_with_the_node_is_kept_whole(string why, VirtualMachineInstance vmi) =>
        CachedVmi.For("a", vmi).ShouldBeSameAs(vmi, why);

    [Fact]
    public void Of_any_other_next_to_nothing_is_kept()
    {
        var vmi = With(static s => s with { Hardware = new HardwareRecord(), Conditions = [], VolumeStatus = [] });
        var kept = CachedVmi.For("a", vmi);
        kept.Spec!.Volumes.ShouldBeNull();
        kept.Spec.Domain!.Memory.ShouldBeNull();
        kept.Spec.Domain.Devices!.Disks.ShouldBeNull();
        kept.Status!.Hardware.ShouldBeNull();
        kept.Status.Conditions.ShouldBeNull();
        kept.Status.VolumeStatus.ShouldBeNull();
        VmiReconciler.ClaimKeys(kept).ShouldBeEmpty();
    }

    /// <summary>The pod on this node may be known here before virt-controller has noted it in the VMI, and after.</summary>
    [Fact]
    public void A_pod_that_the_guest_left_moves_ago_still_reads_what_it_needs_to_carry_connections_on()
    {
        var vmi = With(static s => s with { MigrationState = Move });
        var kept = CachedVmi.For("a", vmi);
        kept.ShouldNotBeSameAs(vmi);
        kept.Metadata.Uid.ShouldBe(vmi.Metadata.Uid);
        kept.Metadata.ResourceVersion.ShouldBe(vmi.Metadata.ResourceVersion);
        kept.Status!.OwnerPodUID.ShouldBe(vmi.Status!.OwnerPodUID);
        kept.IsAbout("m1").ShouldBeTrue();
        kept.Migration().ShouldBe(Move);
        ForwardingSettings.For(kept, kept.Migration()!).ShouldNotBeNull().ShouldBe(ForwardingSettings.For(vmi, Move));
        VmiReconciler.PodUids(kept).ShouldBe(VmiReconciler.PodUids(vmi));
    }

    [Fact]
    public void That_its_guest_is_gone_is_seen_from_every_node()
    {
        var vmi = With(static s => s);
        CachedVmi.For("a", vmi.Deleted()).IsDeleting().ShouldBeTrue();
        CachedVmi.For("a", With(static s => s with { Phase = VmiPhases.Succeeded })).IsFinal().ShouldBeTrue();
        CachedVmi.For("a", vmi).IsDeleting().ShouldBeFalse();
        CachedVmi.For("a", vmi).IsFinal().ShouldBeFalse();
    }

    [Fact]
    public void What_is_kept_of_a_guest_elsewhere_makes_the_agent_do_nothing()
    {
        var kept = CachedVmi.For("a", With(static s => s));
        GuestDecision.Decide(new GuestFacts { Vmi = kept, Node = "a", Pod = Given.Pod(), HasDomain = true, Now = Given.Now }).Step.ShouldBe(GuestStep.None);
    }

    private static VirtualMachineInstance With(Func<VirtualMachineInstanceStatus, VirtualMachineInstanceStatus> change)
    {
        var vmi = Given.Vmi(VmiPhases.Running);
        return vmi with { Status = change(vmi.Status! with { NodeName = "b", OwnerPodUID = "pod-b" }) };
    }

    private static VirtualMachineInstance Labelled(string label)
    {
        var vmi = With(static s => s);
        return vmi with { Metadata = vmi.Metadata with { Labels = new Dictionary<string, string> { [label] = "a" } } };
    }
}

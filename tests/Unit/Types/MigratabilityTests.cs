using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class MigratabilityTests
{
    private static MigratabilityVerdict Judge(VirtualMachineInstance vmi, params (string Claim, string Mode)[] claims) =>
        Migratability.Judge(new MigratabilityFacts
        {
            Vmi = vmi,
            Cluster = Given.Cluster(),
            ClaimAccessModes = claims.ToDictionary(
                claim => claim.Claim, claim => (IReadOnlyList<string>)[claim.Mode]),
        });

    private static VirtualMachineInstance With(string volumes, string binding = "\"masquerade\":{}", string domain = "") =>
        Given.Defaulted(Given.Vmi($$$"""
            {"domain":{"memory":{"guest":"1Gi"}{{{domain}}},"devices":{"interfaces":[{"name":"default",{{{binding}}}}]}},
             "networks":[{"name":"default","pod":{}}],"volumes":[{{{volumes}}}]}
            """));

    [Fact]
    public void A_VMI_with_masquerade_and_container_disk_migrates_with_its_blocks()
    {
        var verdict = Judge(Given.RunningVmi());
        verdict.ToCondition().ShouldBe(new Condition { Type = "LiveMigratable", Status = "True" });
        verdict.Method.ShouldBe("BlockMigration");
    }

    [Fact]
    public void Shared_claims_alone_need_no_copy()
    {
        var verdict = Judge(With("""{"name":"a","persistentVolumeClaim":{"claimName":"shared"}}"""), ("shared", "ReadWriteMany"));
        verdict.Migratable.ShouldBeTrue();
        verdict.Method.ShouldBe("LiveMigration");
    }

    [Theory]
    [InlineData("ReadWriteOnce")]
    [InlineData("ReadOnlyMany")]
    public void A_claim_that_is_not_read_write_many_pins_the_VMI(string mode)
    {
        var condition = Judge(With("""{"name":"a","persistentVolumeClaim":{"claimName":"c"}}"""), ("c", mode)).ToCondition();
        condition.Reason.ShouldBe("DisksNotLiveMigratable");
        condition.Message.ShouldBe("cannot migrate VMI: PVC c is not shared, live migration requires that all PVCs must be shared (using ReadWriteMany access mode)");
    }

    [Fact]
    public void All_obstacles_are_named_and_the_first_gives_the_reason()
    {
        var verdict = Judge(With(
            """{"name":"a","persistentVolumeClaim":{"claimName":"gone"}},{"name":"h","hostDisk":{"path":"/x","type":"Disk"}}""",
            "\"bridge\":{}",
            ",\"features\":{\"hypervPassthrough\":{\"enabled\":true}}"));
        verdict.Obstacles.Select(obstacle => obstacle.Reason).ShouldBe(
            ["InterfaceNotLiveMigratable", "HypervPassthroughNotLiveMigratable", "DisksNotLiveMigratable", "DisksNotLiveMigratable"]);
        verdict.ToCondition().Reason.ShouldBe("InterfaceNotLiveMigratable");
        verdict.Obstacles[2].Message.ShouldStartWith("cannot migrate VMI: Unable to determine if PVC gone is shared");
        verdict.ToStorageCondition(reservation: false).Message.ShouldBe(
            "InterfaceNotLiveMigratable: cannot migrate VMI which does not use masquerade or a migratable plugin to connect to the pod network, HypervPassthroughNotLiveMigratable: VMI uses hyperv passthrough");
        verdict.Method.ShouldBe("BlockMigration");
    }

    [Fact]
    public void A_bridge_may_be_opted_in_by_annotation()
    {
        var vmi = With("", "\"bridge\":{}");
        Judge(vmi).Migratable.ShouldBeFalse();
        Judge(vmi with
        {
            Metadata = vmi.Metadata with
            {
                Annotations = new Dictionary<string, string> { [Annotations.AllowPodBridgeNetworkLiveMigration] = "" },
            },
        }).Migratable.ShouldBeTrue();
    }

    [Fact]
    public void A_generated_disk_that_is_only_a_read_only_drive_needs_no_copy()
    {
        var vmi = Given.Defaulted(Given.Vmi("""
            {"domain":{"memory":{"guest":"1Gi"},"devices":{"disks":[{"name":"i","cdrom":{}}]}},
             "volumes":[{"name":"i","cloudInitNoCloud":{"userData":"x"}}]}
            """, "x"), """{"network":{"defaultNetworkInterface":"masquerade"}}""");
        Judge(vmi).Method.ShouldBe("LiveMigration");
    }
}

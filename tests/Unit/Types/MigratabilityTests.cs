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
        condition.Message.ShouldBe("cannot migrate VMI: PVC c is not shared, live migration requires that all PVCs must be shared (using ReadWriteMany access mode) (remedy: move the data to a PVC with access mode ReadWriteMany)");
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
        var condition = verdict.ToCondition();
        condition.Reason.ShouldBe("InterfaceNotLiveMigratable");
        condition.Message!.ShouldStartWith(
            "cannot migrate VMI which does not use masquerade or a migratable plugin to connect to the pod network (remedy: give interface default the binding masquerade: {}");
        condition.Message.ShouldContain("; HypervPassthroughNotLiveMigratable: VMI uses hyperv passthrough (remedy: name the wanted features");
        condition.Message.ShouldEndWith(
            "; DisksNotLiveMigratable: cannot migrate VMI with non-shared HostDisk (remedy: put the file of volume h on storage that all nodes mount at the same path and set hostDisk.shared: true)");
        verdict.Obstacles.ShouldAllBe(obstacle => obstacle.Remedy.Length > 0);
        verdict.Obstacles[2].Message.ShouldStartWith("cannot migrate VMI: Unable to determine if PVC gone is shared");
        verdict.ToStorageCondition(reservation: false).Message.ShouldBe(
            "InterfaceNotLiveMigratable: cannot migrate VMI which does not use masquerade or a migratable plugin to connect to the pod network, HypervPassthroughNotLiveMigratable: VMI uses hyperv passthrough");
        verdict.Method.ShouldBe("BlockMigration");
    }

    [Theory]
    [InlineData("\"devices\":{\"gpus\":[{\"name\":\"g\"}]}", "HostDeviceNotLiveMigratable", "VMI specifies non-migratable generic PCI host device")]
    [InlineData("\"launchSecurity\":{\"sev\":{}}", "SEVNotLiveMigratable", "VMI uses SEV")]
    [InlineData("\"launchSecurity\":{\"tdx\":{}}", "TDXNotLiveMigratable", "VMI uses TDX")]
    [InlineData("\"features\":{\"hypervPassthrough\":{\"enabled\":true}}", "HypervPassthroughNotLiveMigratable", "VMI uses hyperv passthrough")]
    [InlineData("\"devices\":{\"filesystems\":[{\"name\":\"f\",\"virtiofs\":{}}]}", "VirtIOFSNotLiveMigratable", "VMI uses virtiofs")]
    public void Each_obstacle_has_KubeVirts_reason_and_words_and_a_remedy(string domain, string reason, string message)
    {
        var obstacle = Judge(Given.Vmi($$$"""{"domain":{"memory":{"guest":"1Gi"},{{{domain}}}}}""")).Obstacles.Single();
        (obstacle.Reason, obstacle.Message).ShouldBe((reason, message));
        obstacle.ToString().ShouldBe($"{message} (remedy: {obstacle.Remedy})");
    }

    [Fact]
    public void A_host_model_guest_needs_a_node_that_says_which_model_it_has()
    {
        var vmi = Given.RunningVmi() with { Status = new VirtualMachineInstanceStatus { NodeName = "node01" } };
        var facts = new MigratabilityFacts { Vmi = vmi, Cluster = Given.Cluster() };
        Migratability.Judge(facts).Migratable.ShouldBeTrue();
        var obstacle = Migratability.Judge(facts with { NodeKnowsHostModel = false }).Obstacles.Single();
        (obstacle.Reason, obstacle.Message).ShouldBe(("CPUModeLiveMigratable", "the node \"node01\" does not allow migration with host-model"));
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

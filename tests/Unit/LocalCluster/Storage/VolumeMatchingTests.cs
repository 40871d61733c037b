using Godwit.LocalCluster.Objects;
using Godwit.LocalCluster.Storage;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Storage;

public sealed class VolumeMatchingTests
{
    [Fact]
    public void The_smallest_volume_that_is_large_enough_is_taken() =>
        VolumeMatching.Find(Claim("2Gi"), [Volume("a", "1Gi"), Volume("b", "10Gi"), Volume("c", "3Gi")])!.Metadata.Name.ShouldBe("c");

    [Fact]
    public void A_volume_that_names_the_claim_comes_first()
    {
        var own = Volume("z", "50Gi");
        own = own with { Spec = own.Spec with { ClaimRef = new() { Namespace = "n", Name = "claim", Uid = "u" } } };
        VolumeMatching.Find(Claim("2Gi"), [Volume("a", "2Gi"), own])!.Metadata.Name.ShouldBe("z");
    }

    [Fact]
    public void A_volume_of_an_earlier_claim_of_that_name_is_not_given_again()
    {
        var old = Volume("z", "50Gi");
        old = old with { Spec = old.Spec with { ClaimRef = new() { Namespace = "n", Name = "claim", Uid = "before" } } };
        VolumeMatching.Find(Claim("2Gi"), [old]).ShouldBeNull();
    }

    [Fact]
    public void Class_and_access_modes_must_agree()
    {
        var other = Volume("a", "5Gi");
        VolumeMatching.Find(Claim("2Gi"), [other with { Spec = other.Spec with { StorageClassName = "x" } }]).ShouldBeNull();
        var shared = Claim("2Gi");
        shared = shared with { Spec = shared.Spec with { AccessModes = ["ReadWriteMany"] } };
        VolumeMatching.Find(shared, [other]).ShouldBeNull();
        VolumeMatching.IsShared(shared).ShouldBeTrue();
    }

    private static PersistentVolumeClaim Claim(string size) => new()
    {
        Metadata = new() { Name = "claim", Namespace = "n", Uid = "u" },
        Spec = new() { StorageClassName = "local", AccessModes = ["ReadWriteOnce"], Resources = new() { Requests = new() { ["storage"] = size } } },
    };

    private static PersistentVolume Volume(string name, string size) => new()
    {
        Metadata = new() { Name = name },
        Spec = new() { StorageClassName = "local", AccessModes = ["ReadWriteOnce"], Capacity = new() { ["storage"] = size } },
    };
}

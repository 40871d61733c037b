using Godwit.LocalCluster.Devices;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Devices;

public sealed class DeviceLedgerTests
{
    private const string Resource = "example.com/disk";

    [Fact]
    public void A_device_is_given_to_one_container_at_a_time()
    {
        var ledger = new DeviceLedger([Allocation("a", "d0")]);
        ledger.Reserve(Resource, ["d0", "d1"], 1).ShouldBe(["d1"]);
        ledger.Reserve(Resource, ["d0", "d1"], 1).ShouldBeNull();
    }

    [Fact]
    public void Nothing_is_set_aside_when_there_is_not_enough()
    {
        var ledger = new DeviceLedger([]);
        ledger.Reserve(Resource, ["d0", "d1"], 3).ShouldBeNull();
        ledger.Reserve(Resource, ["d0", "d1"], 2).ShouldBe(["d0", "d1"]);
    }

    [Fact]
    public void What_a_plug_in_did_not_give_after_all_is_free_again()
    {
        var ledger = new DeviceLedger([]);
        ledger.Unreserve(Resource, ledger.Reserve(Resource, ["d0"], 1)!);
        ledger.Reserve(Resource, ["d0"], 1).ShouldBe(["d0"]);
    }

    [Fact]
    public void What_was_given_is_found_by_its_container_and_taken_back_by_its_pod()
    {
        var ledger = new DeviceLedger([]);
        ledger.Give(Allocation("a", "d0"));
        ledger.Find("a", "c", Resource).ShouldNotBeNull().DeviceIds.ShouldBe(["d0"]);
        ledger.Find("a", "other", Resource).ShouldBeNull();
        ledger.TakeBack(a => a.PodUid == "b").ShouldBeFalse();
        ledger.TakeBack(a => a.PodUid == "a").ShouldBeTrue();
        ledger.Reserve(Resource, ["d0"], 1).ShouldBe(["d0"]);
    }

    [Fact]
    public void Equal_names_of_two_resources_are_two_devices()
    {
        var ledger = new DeviceLedger([Allocation("a", "d0")]);
        ledger.Reserve("example.com/other", ["d0"], 1).ShouldBe(["d0"]);
    }

    private static DeviceAllocation Allocation(string pod, params string[] ids) =>
        new() { PodUid = pod, Container = "c", Resource = Resource, DeviceIds = ids };
}

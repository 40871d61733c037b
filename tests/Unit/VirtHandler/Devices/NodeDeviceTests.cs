using Godwit.Types;
using Godwit.VirtHandler.Devices;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.VirtHandler.Devices;

public sealed class NodeDeviceTests
{
    private static readonly NodeDevice Kvm = NodeDevice.All.Single(device => device.Resource == Launcher.KvmDevice);
    private static readonly NodeDevice Tun = NodeDevice.All.Single(device => device.Resource == Launcher.TunDevice);

    [Fact]
    public void Every_device_that_a_launcher_pod_can_ask_for_is_offered() => NodeDevice.All.Select(device => (device.Resource, device.Path)).ShouldBe(
    [
        ("devices.kubevirt.io/tun", "/dev/net/tun"),
        ("devices.kubevirt.io/kvm", "/dev/kvm"),
        ("devices.kubevirt.io/vhost-net", "/dev/vhost-net"),
        ("devices.kubevirt.io/userfaultfd", "/dev/userfaultfd"),
    ]);

    [Fact]
    public void A_device_is_offered_many_times_under_names_of_its_own()
    {
        var offer = Tun.Offer(3, healthy: true);
        offer.Devices.Select(device => device.ID).ShouldBe(["tun0", "tun1", "tun2"]);
        offer.Devices.ShouldAllBe(device => device.Health == "Healthy");
        Tun.Offer(1, healthy: false).Devices.Single().Health.ShouldBe("Unhealthy");
    }

    [Fact]
    public void A_container_may_read_and_write_the_device_and_make_no_other()
    {
        var device = Tun.Grant().Devices.Single();
        (device.HostPath, device.ContainerPath, device.Permissions).ShouldBe(("/dev/net/tun", "/dev/net/tun", "rw"));
    }

    [Fact]
    public void A_device_is_healthy_while_its_node_exists()
    {
        var health = new DeviceHealth();
        health.IsHealthy(Tun).ShouldBeFalse();
        health.Saw(Tun, present: true).ShouldBeTrue();
        health.IsHealthy(Tun).ShouldBeTrue();
        health.Saw(Tun, present: true).ShouldBeFalse();
        health.Saw(Tun, present: false).ShouldBeTrue();
        health.IsHealthy(Tun).ShouldBeFalse();
    }

    [Fact]
    public void KVM_is_given_to_nobody_before_it_has_run_a_guest()
    {
        var health = new DeviceHealth();
        health.Saw(Kvm, present: true);
        health.IsHealthy(Kvm).ShouldBeFalse();
        var next = health.Changed.Next;
        health.Tried(kvmRuns: true);
        next.IsCompleted.ShouldBeTrue();
        health.IsHealthy(Kvm).ShouldBeTrue();
        health.Tried(kvmRuns: false);
        health.IsHealthy(Kvm).ShouldBeFalse();
    }
}

using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Objects;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Kubelet;

/// <summary>Volumes of mode Block in a container.</summary>
public sealed class BlockDeviceTests
{
    private static readonly Dictionary<string, MountedVolume> Volumes = new(StringComparer.Ordinal)
    {
        ["disk"] = new("/dev/sdb", IsBlock: true),
        ["fixed"] = new("/dev/sdc", ReadOnly: true, IsBlock: true),
        ["folder"] = new("/data"),
    };

    [Fact]
    public void They_are_devices_under_the_names_that_the_container_gives_them() =>
        LaunchBuilder.BlockDevices(Container("disk", "fixed"), Volumes)
            .ShouldBe([new AllocatedDevice("/dev/sdb", "/dev/disk", "rwm"), new AllocatedDevice("/dev/sdc", "/dev/fixed", "r")]);

    [Theory]
    [InlineData("folder", "volume folder has volumeMode Filesystem, but is specified in volumeDevices")]
    [InlineData("none", "container c has device none, for which the pod has no volume")]
    public void What_is_no_block_volume_is_refused(string volume, string message) =>
        Should.Throw<PodConfigException>(() => LaunchBuilder.BlockDevices(Container(volume), Volumes)).Message.ShouldBe(message);

    private static Container Container(params string[] names) => new()
    {
        Name = "c",
        VolumeDevices = [.. names.Select(name => new VolumeDevice { Name = name, DevicePath = $"/dev/{name}" })],
    };
}

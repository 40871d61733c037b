using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Objects;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Kubelet;

public sealed class DefaultSeccompTests
{
    [Fact]
    public void Calls_that_a_capability_stands_for_are_allowed_with_it_alone()
    {
        Refused([]).ShouldContain("mount");
        Refused([]).ShouldContain("userfaultfd");
        Refused(["CAP_SYS_ADMIN"]).ShouldNotContain("mount");
        Refused(["CAP_SYS_ADMIN"]).ShouldContain("kexec_load");
        Refused(["CAP_SYS_PTRACE"]).ShouldNotContain("userfaultfd");
    }

    [Fact]
    public void Namespaces_are_made_only_by_who_may_administrate()
    {
        Refused([]).ShouldContain("clone3");
        Refused(["CAP_SYS_ADMIN"]).ShouldNotContain("clone");
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("RuntimeDefault", null, true)]
    [InlineData("RuntimeDefault", "Unconfined", false)]
    [InlineData("Unconfined", "RuntimeDefault", true)]
    public void The_containers_own_profile_comes_before_the_pods(string? ofPod, string? ofContainer, bool confined)
    {
        var spec = OciSpec.Build(Launch(ofPod, ofContainer));
        (spec["linux"]!["seccomp"] is not null).ShouldBe(confined);
    }

    [Fact]
    public void A_profile_that_is_a_file_of_the_node_is_refused_with_what_there_is() =>
        Should.Throw<PodConfigException>(() => Launch("Localhost", null)).Message.ShouldContain("RuntimeDefault and Unconfined are");

    private static ContainerLaunch Launch(string? ofPod, string? ofContainer)
    {
        var container = new Container { Name = "c", SecurityContext = ofContainer is null ? null : new() { SeccompProfile = new() { Type = ofContainer } } };
        var pod = new Pod { Spec = new() { Containers = [container], SecurityContext = ofPod is null ? null : new() { SeccompProfile = new() { Type = ofPod } } } };
        var image = new ImageRecord { Reference = "i", Kind = ImageRecord.RootfsKind, Entrypoint = ["/bin/true"] };
        return LaunchBuilder.Build(
            pod, container, image, "/r", [], new Dictionary<string, MountedVolume>(), new Dictionary<string, string>(), [], null, ContainerDevices.None, [], "/n", "/g");
    }

    private static string[] Refused(IReadOnlyList<string> capabilities) =>
        [.. DefaultSeccomp.For(capabilities)["syscalls"]!.AsArray().SelectMany(rule => rule!["names"]!.AsArray()).Select(name => (string)name!)];
}

using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class ValidationTests
{
    private static IReadOnlyList<FieldError> Judge(string spec, string configuration = "{}") =>
        Validation.VmiCreate(Given.Defaulted(Given.Vmi(spec), configuration), Given.Cluster(configuration), byComponent: false);

    [Fact]
    public void A_good_VMI_has_no_errors() =>
        Validation.VmiCreate(Given.Defaulted(Given.GoodVmi()), Given.Cluster(), byComponent: false).ShouldBeEmpty();

    [Theory]
    [InlineData("""{"domain":{}}""", "spec.domain.memory.guest", "no memory requested")]
    [InlineData("""{"domain":{"memory":{"guest":"lots"}}}""", "spec.domain.memory.guest", "'lots' is not a quantity")]
    [InlineData("""{"domain":{"memory":{"guest":"-1Gi"}}}""", "spec.domain.memory.guest", "greater than 0")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"resources":{"limits":{"memory":"512Mi"}}}}""", "spec.domain.memory.guest", "greater than spec.domain.resources.limits.memory")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"evictionStrategy":"Fly"}""", "spec.evictionStrategy", "spec.evictionStrategy is set with an unrecognized option: Fly")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"startStrategy":"Later"}""", "spec.startStrategy", "is set with an unrecognized option: Later")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"machine":{"type":"pc-i440fx"}}}""", "spec.domain.machine.type", "is not supported: pc-i440fx (allowed values: q35*, pc-q35*)")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"firmware":{"uuid":"x"}}}""", "spec.domain.firmware.uuid", "'x' is not a UUID")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"firmware":{"bootloader":{"efi":{}}}}}""", "spec.domain.firmware.bootloader.efi.secureBoot", "EFI SecureBoot requires SMM")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"firmware":{"kernelBoot":{"kernelArgs":"quiet"}}}}""", "spec.domain.firmware.kernelBoot.kernelArgs", "without an external kernel")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"cpu":{"cores":600}}}""", "spec.domain.cpu", "600 vCPUs are more than the 512")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"disks":[{"name":"nope"}]}}}""", "spec.domain.devices.disks[0].name", "'nope' not found")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a"}]}""", "spec.volumes[0]", "must have exactly one source type set")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","emptyDisk":{"capacity":"1Gi"},"containerDisk":{"image":"x"}}]}""", "spec.volumes[0]", "must have exactly one source type set")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"A b","emptyDisk":{"capacity":"1Gi"}}]}""", "spec.volumes[0].name", "is not a DNS label")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","emptyDisk":{}}]}""", "spec.volumes[0].emptyDisk.capacity", "is missing")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","containerDisk":{"image":""}}]}""", "spec.volumes[0].containerDisk.image", "is missing")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","hostDisk":{"path":"/d.img","type":"Disk"}}]}""", "spec.volumes[0].hostDisk", "HostDisk feature gate is not enabled")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","cloudInitNoCloud":{"userData":"x","secretRef":{"name":"s"}}}]}""", "spec.volumes[0].cloudInitNoCloud", "only one userdata source")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","cloudInitNoCloud":{"userDataBase64":"&&&"}}]}""", "spec.volumes[0].cloudInitNoCloud.userDataBase64", "not a valid base64")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","serviceAccount":{"serviceAccountName":"x"}},{"name":"b","serviceAccount":{"serviceAccountName":"x"}}]}""", "spec.volumes", "max one serviceAccount")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"disks":[{"name":"a","bootOrder":1},{"name":"b","bootOrder":1}]}},"volumes":[{"name":"a","emptyDisk":{"capacity":"1Gi"}},{"name":"b","emptyDisk":{"capacity":"1Gi"}}]}""", "spec.domain.devices.disks[1].bootOrder", "must be unique")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"disks":[{"name":"a","cdrom":{"bus":"virtio"}}]}},"volumes":[{"name":"a","emptyDisk":{"capacity":"1Gi"}}]}""", "spec.domain.devices.disks[0].cdrom.bus", "invalid for CD-ROM")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"interfaces":[{"name":"default","masquerade":{},"bridge":{}}]}},"networks":[{"name":"default","pod":{}}]}""", "spec.domain.devices.interfaces[0]", "more than one binding")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"interfaces":[{"name":"default","slirp":{}}]}},"networks":[{"name":"default","pod":{}}]}""", "spec.domain.devices.interfaces[0]", "slirp binding has been removed")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"interfaces":[{"name":"x","masquerade":{}}]}},"networks":[{"name":"default","pod":{}}]}""", "spec.networks[0].name", "'default' not found")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"interfaces":[{"name":"default","masquerade":{},"macAddress":"01:00:00:00:00:01"}]}},"networks":[{"name":"default","pod":{}}]}""", "spec.domain.devices.interfaces[0].macAddress", "multicast")]
    [InlineData("""{"domain":{"memory":{"guest":"1Gi"},"devices":{"interfaces":[{"name":"default","masquerade":{},"ports":[{"port":70000}]}]}},"networks":[{"name":"default","pod":{}}]}""", "spec.domain.devices.interfaces[0].ports[0].port", "must be in range")]
    public void A_bad_VMI_is_refused_by_name(string spec, string path, string message)
    {
        var error = Judge(spec).FirstOrDefault(error => error.Path == path);
        error.ShouldNotBeNull(string.Join("\n", Judge(spec)));
        error.Message.ShouldContain(message);
    }

    [Fact]
    public void A_VMI_without_a_domain_is_told_what_to_write() =>
        Validation.VmiCreate(Given.Vmi("{}"), Given.Cluster(), byComponent: false).Single().ToString()
            .ShouldBe("spec.domain is missing. Describe the machine, at least 'domain: {memory: {guest: 512Mi}}'.");

    [Fact]
    public void All_errors_are_reported_at_once() => Judge("""
        {"domain":{"memory":{"guest":"x"},"machine":{"type":"vax"}},"evictionStrategy":"Fly"}
        """).Count.ShouldBe(3);

    [Theory]
    [InlineData(2048, 0)]
    [InlineData(2049, 1)]
    public void Inline_user_data_is_limited_after_decoding(int length, int expected)
    {
        var data = Convert.ToBase64String(new byte[length]);
        Judge($$$"""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","cloudInitNoCloud":{"userDataBase64":"{{{data}}}"}}]}""")
            .Count.ShouldBe(expected);
    }

    [Fact]
    public void Host_disks_are_allowed_by_their_gate() => Judge(
        """{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","hostDisk":{"path":"/d.img","type":"Disk"}}]}""",
        """{"developerConfiguration":{"featureGates":["HostDisk"]}}""").ShouldBeEmpty();

    [Fact]
    public void Reserved_labels_are_for_components_only()
    {
        var vmi = Given.Defaulted(Given.GoodVmi());
        vmi = vmi with
        {
            Metadata = vmi.Metadata with
            {
                Labels = new Dictionary<string, string> { [Labels.NodeName] = "node01", ["mine"] = "x" },
            },
        };
        Validation.VmiCreate(vmi, Given.Cluster(), byComponent: false).Single().Message
            .ShouldBe("creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited: kubevirt.io/nodeName");
        Validation.VmiCreate(vmi, Given.Cluster(), byComponent: true).ShouldBeEmpty();
    }

    [Fact]
    public void The_spec_of_a_VMI_is_fixed_for_users()
    {
        var old = Given.RunningVmi();
        var changed = old with { Spec = old.Spec! with { TerminationGracePeriodSeconds = 1 } };
        Validation.VmiUpdate(old, changed, byComponent: false).Single().Message.ShouldBe("update of VMI object is restricted");
        Validation.VmiUpdate(old, changed, byComponent: true).ShouldBeEmpty();
        Validation.VmiUpdate(old, old with { Metadata = old.Metadata with { Labels = new Dictionary<string, string> { ["a"] = "b" } } }, byComponent: false)
            .ShouldBeEmpty();
    }
}

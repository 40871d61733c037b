using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

/// <summary>How disks and kernels that are in images come to a launcher pod.</summary>
public sealed class ContainerDiskTests
{
    private const string InitContainers = """
        - name: container-disk-binary
          image: godwit/virt-launcher:0.1.0
          imagePullPolicy: IfNotPresent
          command: [/bin/busybox, cp, /bin/busybox, /godwit-container-disks/busybox]
          resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 100m, memory: 40Mi}}
          volumeMounts:
          - name: container-disks
            mountPath: /godwit-container-disks
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        - name: kernel-boot-volume
          image: boot:1
          imagePullPolicy: IfNotPresent
          restartPolicy: Always
          command: [/godwit-container-disks/kernel-boot/busybox, sh, -c, WAIT, /godwit-container-disks/kernel-boot/busybox]
          resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 100m, memory: 40Mi}}
          volumeMounts:
          - name: container-disks
            mountPath: /godwit-container-disks/kernel-boot
            readOnly: true
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        - name: volumeroot
          image: fedora:40
          imagePullPolicy: IfNotPresent
          restartPolicy: Always
          command: [/godwit-container-disks/root/busybox, sh, -c, WAIT, /godwit-container-disks/root/busybox]
          resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 100m, memory: 40Mi}}
          volumeMounts:
          - name: container-disks
            mountPath: /godwit-container-disks/root
            readOnly: true
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        """;

    [Theory]
    [InlineData(null, true, 36, "v1.36.2", "containerd://2.1.0", ContainerDiskMethod.ImageVolume)]
    [InlineData(null, true, 36, "v1.36.2", "containerd://2.2.1-k3s1", ContainerDiskMethod.ImageVolume)]
    [InlineData(null, true, 36, "v1.36.2", "cri-o://1.35.1", ContainerDiskMethod.ImageVolume)]
    [InlineData(null, true, 36, "v1.36.2", "conmon://2.1.6", ContainerDiskMethod.ImageVolume)]
    [InlineData(null, false, 36, "v1.36.2", "containerd://2.1.0", ContainerDiskMethod.Sidecar)]
    [InlineData(null, null, 36, "v1.36.2", "containerd://2.1.0", ContainerDiskMethod.Sidecar)]
    [InlineData(null, true, 36, "v1.36.2", "containerd://2.0.9", ContainerDiskMethod.Sidecar)]
    [InlineData(null, true, 36, "v1.36.2", "containerd://1.7.27", ContainerDiskMethod.Sidecar)]
    [InlineData(null, true, 36, "v1.36.2", "cri-o://1.30.4", ContainerDiskMethod.Sidecar)]
    [InlineData(null, true, 36, "v1.36.2", "docker://28.0.1", ContainerDiskMethod.Sidecar)]
    [InlineData(null, true, 36, "v1.34.5", "containerd://2.1.0", ContainerDiskMethod.Sidecar)]
    [InlineData(null, true, 34, "v1.34.5", "containerd://2.1.0", ContainerDiskMethod.ImageVolume)]
    [InlineData(null, true, 33, "v1.30.9+rke2r1", "containerd://2.1.0", ContainerDiskMethod.Sidecar)]
    [InlineData(null, true, 0, "", "", ContainerDiskMethod.ImageVolume)]
    [InlineData(true, false, 30, "v1.30.0", "containerd://1.7.0", ContainerDiskMethod.ImageVolume)]
    [InlineData(false, true, 36, "v1.36.2", "containerd://2.1.0", ContainerDiskMethod.Sidecar)]
    public void Image_volumes_are_taken_where_the_API_server_keeps_them_and_no_node_is_known_to_lack_them_unless_it_is_set(
        bool? wanted, bool? kept, int server, string kubelet, string runtime, ContainerDiskMethod method) =>
        ContainerDiskDecision.Decide(new ImageVolumeFacts
        {
            Wanted = wanted,
            Kept = kept,
            ServerMinor = server,
            Nodes = [Node("v1.36.2", "containerd://2.1.0"), Node(kubelet, runtime), new Node()],
        }).ShouldBe(method);

    [Theory]
    [InlineData("""{"featureGates":["ImageVolume"]}""", true)]
    [InlineData("""{"disabledFeatureGates":["ImageVolume"]}""", false)]
    [InlineData("""{"featureGates":["ImageVolume"],"disabledFeatureGates":["ImageVolume"]}""", true)]
    [InlineData("""{"featureGates":["HostDisk"]}""", null)]
    public void The_KubeVirt_resource_may_say_which_way(string developer, bool? wanted) =>
        FeatureGates.Listed(FeatureGates.ImageVolume, JsonSerializer.Deserialize(developer, TypesJson.Default.DeveloperConfiguration)).ShouldBe(wanted);

    [Fact]
    public void Sidecars_hold_the_images_and_the_launcher_has_no_volume_of_them()
    {
        var pod = LauncherPod.ForStart(Given.Vmi(), Given.Cluster, Given.Image, Sidecars);
        var made = JsonSerializer.SerializeToNode(pod, TypesJson.Default.Pod).At("spec", "initContainers")!.AsArray();
        foreach (var container in made.Where(c => c.Text("restartPolicy") is not null))
        {
            container!["command"]![3]!.GetValue<string>().ShouldContain("trap 'exit 0' TERM");
            container["command"]![3] = "WAIT";
        }

        JsonNode.DeepEquals(made, Yaml.Parse(InitContainers)).ShouldBeTrue(Yaml.Write(made));
        pod.Spec!.Volumes!.Select(volume => volume.Name).ShouldBe(["godwit", "data", "host", "container-disks"]);
        pod.Spec.Volumes!.ShouldAllBe(volume => volume.Image == null);
        pod.Spec.Containers!.Single().VolumeMounts!.Select(mount => mount.Name).ShouldBe(["godwit", "data", "host"]);
    }

    [Fact]
    public void The_target_of_a_migration_gets_them_too()
    {
        var pod = LauncherPod.ForMigration(
            Given.RunningVmi(), Given.Migration(), Given.Cluster, Given.Image, sourceNode: null, storage: Sidecars);
        pod.Spec!.InitContainers!.Select(container => container.Name).ShouldBe(["container-disk-binary", "kernel-boot-volume", "volumeroot"]);
    }

    [Fact]
    public void A_guest_without_images_has_neither_sidecars_nor_their_volume()
    {
        var vmi = Given.Vmi();
        vmi = vmi with { Spec = vmi.Spec! with { Domain = vmi.Spec.Domain! with { Firmware = null }, Volumes = [] } };
        var spec = LauncherPod.ForStart(vmi, Given.Cluster, Given.Image, Sidecars).Spec!;
        spec.InitContainers.ShouldBeNull();
        spec.Volumes!.Select(volume => volume.Name).ShouldBe(["godwit"]);
    }

    [Theory]
    [InlineData("1", "1Gi", "1", "1Gi", true)]
    [InlineData("1", "1Gi", "2", "1Gi", false)]
    [InlineData("1", "1Gi", null, null, false)]
    public void They_take_nothing_from_a_pod_whose_resources_are_guaranteed(string cpu, string memory, string? cpuLimit, string? memoryLimit, bool guaranteed)
    {
        var launcher = new ResourceRequirements
        {
            Requests = new Dictionary<string, string> { ["cpu"] = cpu, ["memory"] = memory },
            Limits = new Dictionary<string, string?> { ["cpu"] = cpuLimit, ["memory"] = memoryLimit }.Where(l => l.Value is not null).ToDictionary(l => l.Key, l => l.Value!),
        };
        foreach (var container in ContainerDiskSidecars.For(Given.Vmi().Spec!, "IfNotPresent", Given.Image, launcher))
        {
            (container.Resources!.Requests!["cpu"] == container.Resources.Limits!["cpu"]
                && container.Resources.Requests["memory"] == container.Resources.Limits["memory"]).ShouldBe(guaranteed);
        }
    }

    [Fact]
    public void The_longest_name_of_a_volume_makes_a_name_of_a_container()
    {
        var names = new[] { new string('a', 63), new string('a', 62) + "b", "root" }.Select(ContainerDiskSidecars.NameFor).ToArray();
        names.ShouldAllBe(name => Names.IsDnsLabel(name));
        names.Distinct().Count().ShouldBe(3);
    }

    private static LauncherStorage Sidecars { get; } = new() { ContainerDisks = ContainerDiskMethod.Sidecar };

    private static Node Node(string kubelet, string runtime) => new()
    {
        Status = new NodeStatus
        {
            NodeInfo = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["kubeletVersion"] = kubelet, ["containerRuntimeVersion"] = runtime }),
        },
    };
}

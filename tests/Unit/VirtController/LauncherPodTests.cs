using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class LauncherPodTests
{
    private const string Template = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: virt-launcher-vmi-fedora-bwql6
          generateName: virt-launcher-vmi-fedora-
          namespace: default
          labels:
            app: x
            kubevirt.io: virt-launcher
            kubevirt.io/created-by: vmi-uid
            vm.kubevirt.io/name: vmi-fedora
            vmi.kubevirt.io/id: vmi-fedora
          annotations:
            mine: "y"
            kubevirt.io/pci-topology-version: v3
            kubevirt.io/domain: vmi-fedora
            kubevirt.io/migrationTransportUnix: "true"
            kubectl.kubernetes.io/default-container: compute
            descheduler.alpha.kubernetes.io/request-evict-only: ""
            kubevirt.io/memory-overhead-bytes: "177209344"
          ownerReferences:
          - apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstance
            name: vmi-fedora
            uid: vmi-uid
            controller: true
            blockOwnerDeletion: true
        spec:
          containers:
          - name: compute
            image: godwit/virt-launcher:0.1.0
            imagePullPolicy: IfNotPresent
            args: [--name, vmi-fedora, --namespace, default, --uid, vmi-uid, --grace, "15"]
            resources:
              requests:
                cpu: 100m
                memory: 681Mi
              limits:
                devices.kubevirt.io/tun: "1"
                devices.kubevirt.io/kvm: "1"
            volumeMounts:
            - name: godwit
              mountPath: /var/run/godwit
            - name: kernel-boot
              mountPath: /var/run/godwit-images/kernel-boot
              readOnly: true
            - name: root
              mountPath: /var/run/godwit-images/root
              readOnly: true
            - name: data
              mountPath: /var/run/godwit-volumes/data
            - name: host
              mountPath: /var/run/godwit-volumes/host
            securityContext:
              allowPrivilegeEscalation: false
              capabilities:
                drop: [ALL]
          volumes:
          - name: godwit
            emptyDir: {}
          - name: kernel-boot
            image:
              reference: boot:1
              pullPolicy: IfNotPresent
          - name: root
            image:
              reference: fedora:40
              pullPolicy: IfNotPresent
          - name: data
            persistentVolumeClaim:
              claimName: shared
          - name: host
            hostPath:
              path: /data
              type: DirectoryOrCreate
          nodeSelector:
            disk: fast
            kubevirt.io/schedulable: "true"
            kubernetes.io/arch: amd64
          automountServiceAccountToken: false
          restartPolicy: Never
          terminationGracePeriodSeconds: 30
          hostname: vmi-fedora
          enableServiceLinks: false
          imagePullSecrets:
          - name: s
          securityContext:
            runAsNonRoot: true
            runAsUser: 107
            runAsGroup: 107
            fsGroup: 107
            seccompProfile:
              type: RuntimeDefault
          readinessGates:
          - conditionType: kubevirt.io/virtual-machine-unpaused
        """;

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("fast", null, "kubevirt/fast@migration0")]
    [InlineData("net/fast", "red@net1", "red@net1,net/fast@migration0")]
    [InlineData("fast", """[{"name":"red"}]""", """[{"name":"red"},{"name":"fast","namespace":"kubevirt","interface":"migration0"}]""")]
    [InlineData("fast", "[rubbish", "[rubbish")]
    public void Both_ends_of_a_migration_ask_for_the_network_that_is_set_beside_the_VMIs_own(string? network, string? own, string? asked)
    {
        var vmi = Given.RunningVmi();
        if (own is not null)
        {
            vmi = vmi with { Metadata = vmi.Metadata with { Annotations = new Dictionary<string, string> { [Annotations.Networks] = own } } };
        }

        var cluster = Given.Cluster with { Migrations = Given.Cluster.Migrations with { Network = network } };
        LauncherPod.ForStart(vmi, cluster, Given.Image).Metadata.Annotations!.GetValueOrDefault(Annotations.Networks).ShouldBe(asked);
        LauncherPod.ForMigration(vmi, Given.Migration(), cluster, Given.Image, sourceNode: null)
            .Metadata.Annotations!.GetValueOrDefault(Annotations.Networks).ShouldBe(asked);
    }

    [Fact]
    public void The_pod_is_made_as_the_template_says()
    {
        var pod = JsonSerializer.SerializeToNode(
            LauncherPod.ForStart(Given.Vmi(), Given.Cluster, Given.Image), TypesJson.Default.Pod)!.AsObject();
        var expected = Yaml.Parse(Template)!.AsObject();
        JsonNode.DeepEquals(pod, expected).ShouldBeTrue(Yaml.Write(pod));
    }

    [Fact]
    public void A_claim_of_mode_Block_is_a_device_of_the_launcher_and_no_folder_at_both_ends_of_a_migration()
    {
        var storage = new LauncherStorage { BlockClaims = new HashSet<string> { "shared" } };
        foreach (var pod in (Pod[])[
            LauncherPod.ForStart(Given.RunningVmi(), Given.Cluster, Given.Image, storage),
            LauncherPod.ForMigration(Given.RunningVmi(), Given.Migration(), Given.Cluster, Given.Image, sourceNode: null, storage: storage)])
        {
            var compute = pod.Spec!.Containers!.Single();
            compute.VolumeDevices!.Select(device => (device.Name, device.DevicePath)).ShouldBe([("data", "/dev/data")]);
            compute.VolumeMounts!.Select(mount => mount.Name).ShouldBe(["godwit", "kernel-boot", "root", "host"]);
            pod.Spec.Volumes!.Single(volume => volume.Name == "data").PersistentVolumeClaim!.ClaimName.ShouldBe("shared");
        }
    }

    [Fact]
    public void The_pod_of_a_VMI_has_the_same_name_each_time_and_another_for_each_migration()
    {
        var start = LauncherPod.ForStart(Given.Vmi(), Given.Cluster, Given.Image).Metadata.Name;
        LauncherPod.ForStart(Given.Vmi(), Given.Cluster, Given.Image).Metadata.Name.ShouldBe(start);
        Target("m1").Metadata.Name.ShouldNotBe(start);
        Target("m2").Metadata.Name.ShouldNotBe(Target("m1").Metadata.Name);
    }

    [Fact]
    public void Without_an_accelerator_no_device_for_it_is_asked_for()
    {
        var pod = LauncherPod.ForStart(Given.Vmi(), Given.Cluster with { UseEmulation = true }, Given.Image);
        pod.Spec!.Containers![0].Resources!.Limits!.Keys.ShouldBe([Launcher.TunDevice]);
    }

    [Fact]
    public void A_target_pod_is_marked_kept_away_from_the_source_and_narrowed_down()
    {
        var pod = Target("m1", new Dictionary<string, string> { ["kubernetes.io/hostname"] = "node02", ["disk"] = "slow" });
        pod.Metadata.Label(Labels.MigrationJobUid).ShouldBe("m1");
        pod.Metadata.Annotation(Annotations.MigrationJobName).ShouldBe("migration-m1");
        var fields = pod.Spec!.Affinity!.NodeAffinity!.RequiredDuringSchedulingIgnoredDuringExecution!.NodeSelectorTerms!.Single().MatchFields!.Single();
        (fields.Key, fields.Operator, fields.Values!.Single()).ShouldBe(("metadata.name", "NotIn", "node01"));
        pod.Spec.Affinity.PodAntiAffinity.ShouldBeNull("the VMI may go back to where a pod carries its old connections");
        pod.Spec.NodeSelector!["kubernetes.io/hostname"].ShouldBe("node02");
        pod.Spec.NodeSelector["disk"].ShouldBe("fast");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_device_that_post_copy_needs_is_asked_for_at_the_target_and_only_there(bool postCopy)
    {
        var target = LauncherPod.ForMigration(Given.RunningVmi(), Given.Migration(), Given.Cluster, Given.Image, sourceNode: null, userfaultfd: postCopy);
        target.Spec!.Containers![0].Resources!.Limits!.ContainsKey("devices.kubevirt.io/userfaultfd").ShouldBe(postCopy);
        target.Spec.Containers[0].Resources!.Limits!.ContainsKey("devices.kubevirt.io/tun").ShouldBeTrue();
        LauncherPod.ForStart(Given.RunningVmi(), Given.Cluster, Given.Image)
            .Spec!.Containers![0].Resources!.Limits!.ContainsKey("devices.kubevirt.io/userfaultfd").ShouldBeFalse();
    }

    [Fact]
    public void A_target_must_offer_what_the_sources_node_says_that_it_offers()
    {
        var vmi = Given.RunningVmi();
        vmi = vmi with
        {
            Status = vmi.Status! with { Hardware = new HardwareRecord { MachineType = "pc-q35-10.0", CpuModel = "Haswell" } },
        };
        var node = new Node
        {
            Metadata = new ObjectMeta
            {
                Labels = new Dictionary<string, string> { ["machine-type.node.kubevirt.io/pc-q35-10.0"] = "true" },
            },
        };
        var selector = LauncherPod.ForMigration(vmi, Given.Migration(), Given.Cluster, Given.Image, node).Spec!.NodeSelector!;
        selector["machine-type.node.kubevirt.io/pc-q35-10.0"].ShouldBe("true");
        selector.Keys.ShouldNotContain("cpu-model.node.kubevirt.io/Haswell");
    }

    private static Pod Target(string uid, Dictionary<string, string>? selector = null)
    {
        var migration = Given.Migration(uid: uid);
        return LauncherPod.ForMigration(
            Given.RunningVmi(),
            migration with { Spec = migration.Spec! with { AddedNodeSelector = selector } },
            Given.Cluster,
            Given.Image,
            sourceNode: null);
    }

    [Fact]
    public void A_target_keeps_away_from_full_nodes_in_every_alternative_of_the_VMIs_own_affinity()
    {
        var vmi = Given.RunningVmi();
        var full = new HashSet<string> { "node03", "node02" };
        NodeSelectorTerm[] Terms(VirtualMachineInstance one, IReadOnlySet<string>? nodes) =>
            [.. LauncherPod.ForMigration(one, Given.Migration(), Given.Cluster, Given.Image, sourceNode: null, nodes).Spec!
                .Affinity!.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms ?? []];

        Terms(vmi, null).Single().MatchFields!.Single().Values.ShouldBe(["node01"]);
        var only = Terms(vmi, full).Single();
        only.MatchFields!.Select(field => $"{field.Key} {field.Operator} {field.Values!.Single()}")
            .ShouldBe(["metadata.name NotIn node01", "metadata.name NotIn node02", "metadata.name NotIn node03"]);

        var zones = new[] { "a", "b" }.Select(zone => new NodeSelectorTerm
        {
            MatchExpressions = [new NodeSelectorRequirement { Key = "zone", Operator = "In", Values = [zone] }],
        });
        var zoned = vmi with
        {
            Spec = vmi.Spec! with
            {
                Affinity = new Affinity
                {
                    NodeAffinity = new NodeAffinity
                    {
                        RequiredDuringSchedulingIgnoredDuringExecution = new NodeSelector { NodeSelectorTerms = [.. zones] },
                    },
                },
            },
        };
        var terms = Terms(zoned, full);
        terms.Length.ShouldBe(2);
        terms.ShouldAllBe(term => term.MatchExpressions!.Count == 1 && term.MatchFields!.Count == 3);
    }
}

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Integration.ApiServer;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>Objects that nobody means well: the webhooks judge each, and none breaks them.</summary>
public sealed class HostileAdmissionTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private const int Seed = 20261126;
    private const int Objects = 1500;
    private const int Reviews = 3000;

    private static readonly string[] Samples =
    [
        """
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstance
        metadata: {name: hostile, namespace: default, labels: {app: a}, annotations: {b: c}}
        spec:
          evictionStrategy: LiveMigrate
          terminationGracePeriodSeconds: 5
          nodeSelector: {kubernetes.io/arch: amd64}
          tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 3}]
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}}]}}
          domain:
            cpu: {cores: 2, sockets: 1, threads: 1, model: host-model, features: [{name: vmx, policy: disable}]}
            memory: {guest: 128Mi, hugepages: {pageSize: 2Mi}}
            machine: {type: q35}
            clock: {utc: {}, timer: {hpet: {present: false}}}
            features: {acpi: {enabled: true}, hyperv: {relaxed: {}}}
            resources: {requests: {memory: 128Mi, cpu: 100m}, limits: {memory: 256Mi}}
            firmware: {uuid: 5d307ca9-b3ef-428c-8861-06e72d69f223, bootloader: {bios: {}}, kernelBoot: {kernelArgs: quiet, container: {image: a/b:1, kernelPath: /k, initrdPath: /i}}}
            devices:
              autoattachGraphicsDevice: false
              disks: [{name: a, disk: {bus: virtio}, bootOrder: 1, serial: s, cache: none}, {name: b, cdrom: {bus: sata}}, {name: c, lun: {bus: scsi}}]
              interfaces: [{name: default, masquerade: {}, ports: [{port: 80, protocol: TCP}], macAddress: "02:00:00:00:00:01", model: virtio}]
              rng: {}
          networks: [{name: default, pod: {vmNetworkCIDR: 10.0.2.0/24}}]
          volumes:
          - {name: a, emptyDisk: {capacity: 64Mi}}
          - {name: b, cloudInitNoCloud: {userData: "#cloud-config", networkData: "version: 2"}}
          - {name: c, persistentVolumeClaim: {claimName: x}}
          readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 5}
        """,
        """
        apiVersion: kubevirt.io/v1
        kind: VirtualMachine
        metadata: {name: hostile, namespace: default}
        spec:
          runStrategy: Always
          dataVolumeTemplates: [{metadata: {name: d}, spec: {pvc: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}}, source: {blank: {}}}}]
          template:
            metadata: {labels: {a: b}}
            spec: {domain: {memory: {guest: 64Mi}, devices: {}}}
        """,
        """
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstanceReplicaSet
        metadata: {name: hostile, namespace: default}
        spec:
          replicas: 2
          selector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: NotIn, values: [d]}]}
          template: {metadata: {labels: {a: b}}, spec: {domain: {memory: {guest: 64Mi}, devices: {}}}}
        """,
        """
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstanceMigration
        metadata: {name: hostile, namespace: default}
        spec: {vmiName: nobody, addedNodeSelector: {a: b}, priority: system-critical}
        """,
        """
        apiVersion: migrations.kubevirt.io/v1alpha1
        kind: MigrationPolicy
        metadata: {name: hostile}
        spec:
          selectors: {namespaceSelector: {a: b}, virtualMachineInstanceSelector: {c: d}}
          bandwidthPerMigration: 64Mi
          completionTimeoutPerGiB: 800
          allowAutoConverge: true
          connectionForwarding: {enabled: true, maxSeconds: 5}
        """,
        """
        apiVersion: kubevirt.io/v1
        kind: KubeVirt
        metadata: {name: kubevirt, namespace: kubevirt}
        spec:
          certificateRotateStrategy: {selfSigned: {ca: {duration: 24h, renewBefore: 12h}, server: {duration: 12h, renewBefore: 6h}}}
          configuration:
            evictionStrategy: LiveMigrate
            developerConfiguration: {featureGates: [A]}
            migrations: {bandwidthPerMigration: 64Mi, parallelMigrationsPerCluster: 5, progressTimeout: 150, network: n, matchSELinuxLevelOnMigration: true}
        """,
        """
        apiVersion: policy/v1
        kind: Eviction
        metadata: {name: hostile, namespace: default}
        deleteOptions: {dryRun: [All], gracePeriodSeconds: 3}
        """,
    ];

    private static readonly string[] Hooks =
    [
        "virtualmachineinstances-mutate", "virtualmachines-mutate", "migration-mutate-create", "virtualmachineinstances-validate-create",
        "virtualmachineinstances-validate-update", "virtualmachines-validate", "virtualmachinereplicaset-validate", "migration-validate-create",
        "migration-validate-update", "migration-policy-validate-create", "kubevirt-validate-update", "pod-eviction-validate",
    ];

    private static readonly JsonObject[] Documents = [.. Samples.Select(static text => (JsonObject)Yaml.Parse(text)!)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_spoilt_object_is_stored_or_refused_for_what_is_wrong_with_it()
    {
        var rubbish = new Rubbish(Seed);
        var answers = new Dictionary<int, int>();
        foreach (var _ in Enumerable.Range(0, Objects))
        {
            var sound = rubbish.Pick(Documents[..5]);
            var version = sound.Text("kind") == "MigrationPolicy" ? "migrations.kubevirt.io/v1alpha1" : rubbish.Pick(["kubevirt.io/v1", "kubevirt.io/v1alpha3"]);
            var path = $"/apis/{version}/{(sound.Text("kind") == "MigrationPolicy" ? "migrationpolicies" : $"namespaces/default/{sound.Text("kind")!.ToLowerInvariant()}s")}";
            var body = (JsonObject)rubbish.Spoil(sound);
            body["apiVersion"] = version;
            using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await cluster.Admin.SendRawAsync(HttpMethod.Post, $"{path}?dryRun=All", content, ct: Ct);
            answers[(int)answer.StatusCode] = answers.GetValueOrDefault((int)answer.StatusCode) + 1;
            if ((int)answer.StatusCode >= 500)
            {
                Assert.Fail($"{path}: {(int)answer.StatusCode}\n{body}\n{await answer.Content.ReadAsStringAsync(Ct)}");
            }
        }

        answers.Keys.ShouldContain(201);
        answers.Keys.ShouldContain(422);
    }

    [Fact]
    public async Task A_spoilt_review_is_answered_whatever_it_holds()
    {
        var rubbish = new Rubbish(Seed + 1);
        using var handler = new HttpClientHandler
        {
#pragma warning disable MA0039 // Who answers is not what this test is about.
            ServerCertificateCustomValidationCallback = static (_, _, _, _) => true,
#pragma warning restore MA0039
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"https://{cluster.Endpoint}/") };
        var answers = new Dictionary<HttpStatusCode, int>();
        foreach (var _ in Enumerable.Range(0, Reviews))
        {
            var (hook, review) = (rubbish.Pick(Hooks), Review(rubbish));
            var body = rubbish.Pick([true, true, true, false]) ? rubbish.Spoil(review).ToJsonString() : rubbish.Spoil(review.ToJsonString());
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri(hook, UriKind.Relative), content, Ct);
            answers[answer.StatusCode] = answers.GetValueOrDefault(answer.StatusCode) + 1;
            if ((int)answer.StatusCode >= 500)
            {
                Assert.Fail($"{hook}: {(int)answer.StatusCode}\n{body}\n{await answer.Content.ReadAsStringAsync(Ct)}");
            }
        }

        answers.Keys.ShouldBe([HttpStatusCode.OK, HttpStatusCode.BadRequest], ignoreOrder: true);
    }

    private static JsonObject Review(Rubbish rubbish)
    {
        var document = rubbish.Pick(Documents);
        var before = rubbish.Pick([true, false]) ? document.DeepClone() : null;
        return new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject
            {
                ["uid"] = "1",
                ["kind"] = new JsonObject { ["group"] = "kubevirt.io", ["version"] = "v1", ["kind"] = document.Text("kind") },
                ["resource"] = new JsonObject { ["group"] = "kubevirt.io", ["version"] = "v1", ["resource"] = "x" },
                ["name"] = "hostile",
                ["namespace"] = "default",
                ["operation"] = before is null ? "CREATE" : "UPDATE",
                ["userInfo"] = new JsonObject { ["username"] = "eve", ["groups"] = new JsonArray("system:authenticated") },
                ["object"] = document.DeepClone(),
                ["oldObject"] = before,
                ["dryRun"] = true,
            },
        };
    }
}

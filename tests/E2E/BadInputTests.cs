using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>What is wrong is refused with words that name it and say what to do; the machine's own kubectl shows them.</summary>
[Collection<FirstSide>]
public sealed class BadInputTests(ClusterFixture cluster)
{
    private const string Namespace = "default";

    private static string Migration(string vmi) => $$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstanceMigration
        metadata: {name: bad}
        spec: {vmiName: {{vmi}}}
        """;

    private static string Vmi(string name, string spec) => $$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstance
        metadata: {name: {{name}}}
        spec: {{spec}}
        """;

    public static TheoryData<string, string> Refused => new()
    {
        { Vmi("bad", "{domain: {memory: {guest: 64Mi}, memroy: {}, devices: {}}}"), "unknown field \"spec.domain.memroy\"" },
        { Vmi("bad", "{domain: {memory: {guest: [1]}, devices: {}}}"), "spec.domain.memory.guest in body must be of type" },
        { Vmi("bad", "{domain: {memory: {guest: 1Quux}, devices: {}}}"), "The VirtualMachineInstance \"bad\" is invalid: spec.domain.memory.guest: '1Quux' is not a quantity" },
        { Vmi("bad", "{evictionStrategy: Run, domain: {memory: {guest: 64Mi}, devices: {}}}"), "Use one of None, LiveMigrate, LiveMigrateIfPossible, External" },
        { Vmi("bad", "{domain: {devices: {}}}"), "no memory requested" },
        { Vmi("bad", "{domain: {memory: {guest: 64Mi}, devices: {disks: [{name: lost, disk: {bus: virtio}}]}}}"), "spec.domain.devices.disks[0].Name 'lost' not found" },
        { Migration("nobody"), "The VirtualMachineInstanceMigration \"bad\" is invalid: spec.vmiName: the VMI \"default/nobody\" does not exist. 'kubectl get vmi -n default' shows those that do." },
        { Migration("\"\""), "vmiName is missing. Name the VMI that is to move." },
        { Migration("3"), "spec.vmiName in body must be of type string" },
        { "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\n metadata: {}\n", "error converting YAML to JSON" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task It_is_refused_and_the_remedy_told(string document, string words)
    {
        cluster.Require();
        var outcome = await cluster.KubectlAsync(["create", "-n", Namespace, "-f", "-"], document);
        outcome.Code.ShouldNotBe(0);
        outcome.Error.ShouldContain(words);
    }

    [Theory]
    [InlineData("noimage", "{domain: {memory: {guest: 64Mi}, firmware: {kernelBoot: {container: {image: 'godwit/no-such:1', kernelPath: /k}}}, devices: {}}}", "godwit image import")]
    [InlineData("toobig", "{domain: {memory: {guest: 9000Gi}, devices: {}}}", "Insufficient memory")]
    [InlineData("noclaim", "{domain: {memory: {guest: 64Mi}, devices: {disks: [{name: a, disk: {bus: virtio}}]}}, volumes: [{name: a, persistentVolumeClaim: {claimName: gone}}]}", "PVC default/gone does not exist")]
    [InlineData("nokernel", "{domain: {memory: {guest: 64Mi}, firmware: {kernelBoot: {container: {image: 'godwit/demo-guest:1', kernelPath: /lost}}}, devices: {}}}", "has no file /lost")]
    [InlineData("nosecret", "{domain: {memory: {guest: 64Mi}, devices: {disks: [{name: a, disk: {bus: virtio}}]}}, volumes: [{name: a, cloudInitNoCloud: {secretRef: {name: gone}}}]}", "there is no Secret \"gone\"")]
    public async Task What_only_shows_later_is_a_condition_and_an_event_and_leaves_nothing(string name, string spec, string words)
    {
        cluster.Require();
        (await cluster.KubectlAsync(["create", "-n", Namespace, "-f", "-"], Vmi(name, spec))).Ok();
        try
        {
            await UntilAsync(["get", "events", "-n", Namespace, "--field-selector", $"involvedObject.name={name},type=Warning"], words);
            await UntilAsync(["get", "vmi", name, "-n", Namespace, "-o", "jsonpath={.status.conditions}"], words.Replace("\"", "\\\"", StringComparison.Ordinal));
        }
        finally
        {
            (await cluster.KubectlAsync(["delete", "vmi", name, "-n", Namespace, "--timeout=60s"])).Ok();
        }

        (await cluster.KubectlAsync(["get", "pods", "-n", Namespace, "-l", $"vm.kubevirt.io/name={name}", "-o", "name"])).Ok().ShouldBeEmpty();
    }

    private async Task UntilAsync(string[] command, string words)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var seen = (await cluster.KubectlAsync(command)).Ok();
            if (seen.Contains(words, StringComparison.Ordinal))
            {
                return;
            }

            deadline.IsCancellationRequested.ShouldBeFalse($"'{words}' was not told, but: {seen}");
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        }
    }
}

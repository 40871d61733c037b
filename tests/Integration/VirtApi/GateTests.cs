using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>The switch of 2020: a ConfigMap that does not name the gate forbids migrations, from one request to the next.</summary>
public sealed class GateTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private const string Refusal = "LiveMigration feature gate is not enabled in kubevirt-config";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_gate_holds_as_soon_as_it_is_switched()
    {
        (await RefusalAsync()).ShouldNotContain(Refusal);
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: kubevirt-config, namespace: kubevirt}
            data: {feature-gates: "DataVolumes"}
            """);
        (await RefusalAsync()).ShouldContain(Refusal);
        await cluster.Admin.PatchAsync(
            Kinds.ConfigMap,
            new(Installation.Namespace, Installation.ConfigMapName),
            PatchKind.StrategicMerge,
            new JsonObject { ["data"] = new JsonObject { ["feature-gates"] = "DataVolumes,LiveMigration" } },
            ct: Ct);
        (await RefusalAsync()).ShouldNotContain(Refusal);
    }

    /// <summary>There is no VMI, so it is always refused; the question is with what words.</summary>
    private async Task<string> RefusalAsync() =>
        (await Should.ThrowAsync<ApiException>(() => cluster.CreateAsync("""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstanceMigration
            metadata: {generateName: job-, namespace: default}
            spec: {vmiName: nowhere}
            """))).Message;
}

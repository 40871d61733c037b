using Godwit.Cli.Api;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Cli;

public sealed class ForwarderTests
{
    private static readonly DateTimeOffset Until = new(2026, 3, 22, 10, 10, 0, TimeSpan.Zero);

    [Fact]
    public void A_VM_has_a_forwarder_for_each_move_that_left_connections_behind_and_none_is_told_twice()
    {
        var vmi = Yaml.ParseObjects("""
            kind: VirtualMachineInstance
            metadata: {name: a, namespace: ns}
            status: {migrationState: {migrationUid: m2, sourceNode: n2, forwarding: {state: Forwarding, flows: 7, until: "2026-03-22T10:10:00Z"}}}
            ---
            kind: VirtualMachineInstance
            metadata: {name: b, namespace: ns}
            status: {migrationState: {migrationUid: m4, sourceNode: n2, forwarding: {state: Ended}}}
            ---
            kind: VirtualMachineInstance
            metadata: {name: c, namespace: ns}
            """);
        var migrations = Yaml.ParseObjects("""
            kind: VirtualMachineInstanceMigration
            metadata: {name: first, namespace: ns}
            spec: {vmiName: a}
            status: {migrationState: {migrationUid: m1, sourceNode: n1, forwarding: {state: Forwarding}}}
            ---
            kind: VirtualMachineInstanceMigration
            metadata: {name: second, namespace: ns}
            spec: {vmiName: a}
            status: {migrationState: {migrationUid: m2, sourceNode: n2, forwarding: {state: Forwarding, flows: 9}}}
            ---
            kind: VirtualMachineInstanceMigration
            metadata: {name: third, namespace: ns}
            spec: {vmiName: a}
            status: {migrationState: {migrationUid: m3, sourceNode: n1, forwarding: {state: Unavailable}}}
            ---
            kind: VirtualMachineInstanceMigration
            metadata: {name: behind, namespace: ns}
            spec: {vmiName: b}
            status: {migrationState: {migrationUid: m4, sourceNode: n2, forwarding: {state: Forwarding, flows: 1}}}
            ---
            kind: VirtualMachineInstanceMigration
            metadata: {name: new, namespace: ns}
            spec: {vmiName: c}
            """);
        Forwarder.Of(vmi, migrations).ShouldBe([new("ns", "a", "n1", Flows: null, Until: null), new("ns", "a", "n2", 7, Until)]);
    }
}

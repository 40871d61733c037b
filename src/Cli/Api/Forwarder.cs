using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Api;

/// <summary>A pod that a VM has left and that carries its old connections on.</summary>
/// <param name="Namespace">The VM's namespace.</param>
/// <param name="Vmi">The VM's name.</param>
/// <param name="Node">The node that the VM has left.</param>
/// <param name="Flows">Connections that are still open, as it was last told; null: it was not.</param>
/// <param name="Until">When what is still open then will be ended; null: it was not told.</param>
public sealed record Forwarder(string Namespace, string Vmi, string? Node, long? Flows, DateTimeOffset? Until)
{
    /// <summary>
    /// All that there are. A VMI tells of its last move alone, so its migrations are asked too; where both tell of one, the VMI does it
    /// earlier. Pure.
    /// </summary>
    public static IReadOnlyList<Forwarder> Of(IEnumerable<JsonObject> vmis, IEnumerable<JsonObject> migrations) =>
    [
        .. vmis.Select(static vmi => (Vmi: vmi.Key(), State: vmi.At("status", "migrationState")))
            .Concat(migrations.Select(static migration => (
                Vmi: new NamespacedName(migration.Namespace(), migration.Text("spec", "vmiName") ?? ""), State: migration.At("status", "migrationState"))))
            .Where(static told => told.State.Text("migrationUid") is { Length: > 0 })
            .DistinctBy(static told => told.State.Text("migrationUid"), StringComparer.Ordinal)
            .Where(static told => told.State.Text("forwarding", "state") == MigrationForwarding.Forwarding)
            .Select(static told => new Forwarder(
                told.Vmi.Namespace,
                told.Vmi.Name,
                told.State.Text("sourceNode"),
                told.State.Integer("forwarding", "flows"),
                DateTimeOffset.TryParse(told.State.Text("forwarding", "until"), out var until) ? until : null))
            .OrderBy(static one => one.Namespace, StringComparer.Ordinal)
            .ThenBy(static one => one.Vmi, StringComparer.Ordinal)
            .ThenBy(static one => one.Until),
    ];
}

using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Cli.Api;

/// <summary>Makes VMIMs.</summary>
public static class MigrationRequest
{
    /// <summary>Asks for a VMI to be moved, to a node if one is named; or, as a dry run, whether it may be.</summary>
    public static async Task<JsonObject> CreateAsync(ApiClient api, NamespacedName vmi, string? node, CancellationToken ct, bool dryRun = false)
    {
        var spec = new JsonObject { ["vmiName"] = vmi.Name };
        if (node is not null)
        {
            spec["addedNodeSelector"] = new JsonObject { [Types.Labels.Hostname] = node };
        }

        return await api.CreateAsync(
            Resources.Migration,
            new JsonObject
            {
                ["apiVersion"] = Resources.Migration.ApiVersion,
                ["kind"] = Resources.Migration.Kind,
                ["metadata"] = new JsonObject { ["generateName"] = "kubevirt-migrate-vm-", ["namespace"] = vmi.Namespace },
                ["spec"] = spec,
            },
            new() { DryRun = dryRun },
            ct);
    }
}

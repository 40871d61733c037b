using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// The dedicated network of migrations (<c>migrations.network</c>), asked for by the multi-network annotation. KubeVirt gives the
/// interface to its agents; here QEMU itself sends, so it is the launcher pods that have it, source and target alike.
/// </summary>
public static class MigrationNetwork
{
    /// <summary>The annotation's value with the migration network added to what the VMI asks for itself.</summary>
    /// <param name="wanted">The VMI's own networks, in either form of the annotation; null for none.</param>
    /// <param name="network">The network for migrations.</param>
    public static string AddTo(string? wanted, MigrationNetworkName network)
    {
        if (string.IsNullOrWhiteSpace(wanted))
        {
            return Text();
        }

        if (!wanted.TrimStart().StartsWith('['))
        {
            return $"{wanted.Trim()},{Text()}";
        }

        try
        {
            var list = JsonNode.Parse(wanted)!.AsArray();
            list.Add((JsonNode)new JsonObject { ["name"] = network.Name, ["namespace"] = network.Namespace, ["interface"] = Launcher.MigrationInterface });
            return list.ToJsonString();
        }
        catch (JsonException)
        {
            // Whoever attaches networks says what is wrong with it.
            return wanted;
        }

        string Text() => $"{network}@{Launcher.MigrationInterface}";
    }
}

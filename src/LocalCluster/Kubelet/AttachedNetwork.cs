using System.Text.Json.Nodes;
using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>A pod's interface as it lies on disk: how it was made, so that it can be taken away again, and what came of it.</summary>
public sealed record AttachedNetwork
{
    /// <summary><c>NAMESPACE/NAME</c> of the definition; the cluster's name for its own network.</summary>
    public required string Network { get; init; }

    public required string Interface { get; init; }

    public required JsonObject Configuration { get; init; }

    /// <summary>The plug-in's answer; null as long as there is none.</summary>
    public JsonObject? Result { get; init; }

    public CniAttachment ToAttachment() => new(Interface, Configuration);

    /// <summary>Its addresses, without their prefix lengths.</summary>
    public IEnumerable<string> Addresses() =>
        (Result?["ips"] as JsonArray ?? []).Select(ip => ((string?)ip?["address"] ?? "").Split('/')[0]).Where(a => a.Length > 0);

    /// <summary>Its hardware address inside the pod.</summary>
    public string? Mac() => (Result?["interfaces"] as JsonArray ?? [])
        .Where(i => (string?)i?["name"] == Interface && !string.IsNullOrEmpty((string?)i?["sandbox"]))
        .Select(i => (string?)i?["mac"])
        .FirstOrDefault();

    /// <summary>
    /// The annotation by which others learn a pod's interfaces, in the form that Multus writes; null for a pod that has only
    /// the cluster's own network.
    /// </summary>
    public static string? StatusOf(IReadOnlyList<AttachedNetwork> networks) => networks.Count < 2
        ? null
        : new JsonArray([.. networks.Select((network, i) => network.ToStatus(isDefault: i == 0))]).ToJsonString();

    private JsonObject ToStatus(bool isDefault)
    {
        var status = new JsonObject
        {
            ["name"] = Network,
            ["interface"] = Interface,
            ["ips"] = new JsonArray([.. Addresses().Select(a => (JsonNode)a)]),
        };
        if (Mac() is { } mac)
        {
            status["mac"] = mac;
        }
        if (isDefault)
        {
            status["default"] = true;
        }
        status["dns"] = new JsonObject();
        return status;
    }
}

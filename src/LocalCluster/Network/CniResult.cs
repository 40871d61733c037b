using System.Net;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>What a CNI plug-in made.</summary>
public sealed record CniResult(IPAddress Address, JsonObject Raw)
{
    /// <summary>Reads the answer of ADD.</summary>
    public static CniResult Parse(string json)
    {
        var raw = JsonNode.Parse(json)?.AsObject() ?? throw new FormatException("the CNI plug-in gave no result");
        var address = (string?)raw["ips"]?[0]?["address"] ?? throw new FormatException($"the CNI result has no address: {json}");
        return new CniResult(IPAddress.Parse(address.Split('/')[0]), raw);
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>What the node's kubelet reports.</summary>
public sealed record NodeStatus : ApiPart
{
    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Capacity { get; init; }

    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Allocatable { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    public IReadOnlyList<NodeAddress>? Addresses { get; init; }

    public JsonElement? NodeInfo { get; init; }
}

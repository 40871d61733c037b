using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Types;

/// <summary>Compares API values by what they would be stored as.</summary>
public static class JsonEquality
{
    public static bool Same<T>(T? one, T? other, JsonTypeInfo<T> type)
        where T : class =>
        ReferenceEquals(one, other)
        || (one is not null && other is not null
            && JsonNode.DeepEquals(
                JsonSerializer.SerializeToNode(one, type), JsonSerializer.SerializeToNode(other, type)));
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Simulation.Api;

/// <summary>Documents to bytes and back.</summary>
internal static class Json
{
    public static byte[] Bytes(JsonNode node)
    {
        using var stream = new MemoryStream(2048);
        using (var writer = new Utf8JsonWriter(stream))
        {
            node.WriteTo(writer);
        }

        return stream.ToArray();
    }

    public static JsonObject Document<T>(T value, JsonTypeInfo<T> type) => (JsonObject)JsonSerializer.SerializeToNode(value, type)!;

    public static T Read<T>(Stored stored, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(stored.Text, type)!;
}

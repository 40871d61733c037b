using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>Parses JSON into nodes that can be changed; of a field given twice the last one holds and its path is reported.</summary>
internal static class JsonTree
{
    public static JsonNode? Parse(ReadOnlySpan<byte> json, List<string> duplicates)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = ObjectCodec.MaxDepth });
        reader.Read();
        var node = Read(ref reader, "", duplicates);
        if (reader.Read())
        {
            throw new JsonException("more than one value");
        }

        return node;
    }

    private static JsonNode? Read(ref Utf8JsonReader reader, string path, List<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var obj = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = Text(ref reader);
                    reader.Read();
                    var child = path.Length == 0 ? name : path + "." + name;
                    var value = Read(ref reader, child, duplicates);
                    if (!obj.TryAdd(name, value))
                    {
                        duplicates.Add(child);
                        obj[name] = value;
                    }
                }

                return obj;
            case JsonTokenType.StartArray:
                var array = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    array.Add(Read(ref reader, $"{path}[{array.Count}]", duplicates));
                }

                return array;
            case JsonTokenType.String:
                return JsonValue.Create(Text(ref reader));
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole) : JsonValue.Create(JsonElement.ParseValue(ref reader));
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            default:
                return null;
        }
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a string is no Unicode text", e);
        }
    }
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Store;

/// <summary>
/// The canonical bytes of an object: apiVersion, kind and metadata.resourceVersion come first, so that a revision can be set
/// by the writer, and another apiVersion by a reader, without parsing.
/// </summary>
public static class ObjectCodec
{
    /// <summary>Deeper objects are refused when they are read from a request.</summary>
    public const int MaxDepth = 128;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = MaxDepth + 8,
    };

    /// <summary>Serializes with a gap where the revision goes. The object's own resourceVersion is ignored.</summary>
    public static EncodedObject Encode(JsonObject obj)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        int gap;
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            WriteProperty(json, "apiVersion", obj["apiVersion"]);
            WriteProperty(json, "kind", obj["kind"]);
            json.WriteStartObject("metadata"u8);
            json.WriteString("resourceVersion"u8, ""u8);
            json.Flush();
            gap = buffer.WrittenCount - 1;
            if (obj["metadata"] is JsonObject metadata)
            {
                foreach (var (name, value) in metadata)
                {
                    if (name != "resourceVersion")
                    {
                        WriteProperty(json, name, value);
                    }
                }
            }

            json.WriteEndObject();
            foreach (var (name, value) in obj)
            {
                if (name is not ("apiVersion" or "kind" or "metadata"))
                {
                    WriteProperty(json, name, value);
                }
            }

            json.WriteEndObject();
        }

        return new EncodedObject(buffer.WrittenMemory, gap);
    }

    /// <summary>The bytes with the revision in place.</summary>
    public static byte[] WithRevision(EncodedObject encoded, long revision)
    {
        Span<byte> digits = stackalloc byte[20];
        revision.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        var source = encoded.Bytes.Span;
        var result = new byte[source.Length + length];
        source[..encoded.Gap].CopyTo(result);
        digits[..length].CopyTo(result.AsSpan(encoded.Gap));
        source[encoded.Gap..].CopyTo(result.AsSpan(encoded.Gap + length));
        return result;
    }

    /// <summary>Length of the prefix <c>{"apiVersion":"…"</c> of canonical bytes.</summary>
    public static int ApiVersionPrefixLength(ReadOnlySpan<byte> json)
    {
        var start = "{\"apiVersion\":\""u8.Length;
        return start + json[start..].IndexOf((byte)'"') + 1;
    }

    /// <summary>Reads metadata.labels without building a tree.</summary>
    public static IReadOnlyDictionary<string, string> ReadLabels(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        if (!Enter(ref reader, "metadata"u8) || !Enter(ref reader, "labels"u8))
        {
            return EmptyLabels;
        }

        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                labels[name] = reader.GetString()!;
            }
            else
            {
                reader.Skip();
            }
        }

        return labels;
    }

    private static readonly Dictionary<string, string> EmptyLabels = [];

    // Moves into the object-valued property of the object that begins at (or was just entered by) the reader.
    private static bool Enter(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (reader.TokenType == JsonTokenType.None && (!reader.Read() || reader.TokenType != JsonTokenType.StartObject))
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return reader.TokenType == JsonTokenType.StartObject;
            }

            reader.Skip();
        }

        return false;
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, JsonNode? value)
    {
        json.WritePropertyName(name);
        if (value is null)
        {
            json.WriteNullValue();
        }
        else
        {
            value.WriteTo(json);
        }
    }

    /// <summary>UTF-8 bytes of any node, with the encoder of the store.</summary>
    public static byte[] ToBytes(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            node.WriteTo(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Text of a node, for messages.</summary>
    public static string ToText(JsonNode node) => Encoding.UTF8.GetString(ToBytes(node));
}

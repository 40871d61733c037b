using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Protobuf;

/// <summary>
/// Turns the protobuf form of an object into its JSON form. kubectl's typed commands send it without asking whether the
/// server reads it, so a server must; it is never sent back.
/// </summary>
internal static class ProtobufDecoder
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>The object; null when its kind is none that typed clients send. Malformed bytes throw <see cref="FormatException"/>.</summary>
    public static JsonObject? Decode(ReadOnlySpan<byte> body, out string kind)
    {
        kind = "";
        if (!body.StartsWith(Magic))
        {
            throw new FormatException("provided data does not appear to be a protobuf message, expected prefix 'k8s\\0'");
        }

        var envelope = new ProtobufReader(body[Magic.Length..]);
        var apiVersion = "";
        ReadOnlySpan<byte> raw = default;
        while (envelope.Read())
        {
            switch (envelope.Field)
            {
                case 1:
                    var type = new ProtobufReader(envelope.Bytes);
                    while (type.Read())
                    {
                        (apiVersion, kind) = type.Field switch
                        {
                            1 => (type.Text, kind),
                            2 => (apiVersion, type.Text),
                            _ => (apiVersion, kind),
                        };
                    }

                    break;
                case 2:
                    raw = envelope.Bytes;
                    break;
            }
        }

        if (ProtobufMessages.Instance.MessageOf(apiVersion, kind) is not { } message)
        {
            return null;
        }

        var obj = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        foreach (var (name, value) in Message(raw, message))
        {
            obj[name] = value?.DeepClone();
        }

        return obj;
    }

    private static JsonObject Message(ReadOnlySpan<byte> bytes, string message)
    {
        var fields = ProtobufMessages.Instance.Fields(message) ?? throw new FormatException($"unknown protobuf message {message}");
        var obj = new JsonObject();
        var reader = new ProtobufReader(bytes);
        while (reader.Read())
        {
            if (!fields.TryGetValue(reader.Field, out var field))
            {
                continue;
            }

            if (field.Name.Length == 0)
            {
                Inline(obj, Message(reader.Bytes, field.Type));
            }
            else if (field.Map)
            {
                var map = obj[field.Name] as JsonObject ?? (JsonObject)(obj[field.Name] = new JsonObject());
                var (key, value) = Entry(reader.Bytes, field.Type);
                map[key] = value;
            }
            else if (field.Repeated)
            {
                var list = obj[field.Name] as JsonArray ?? (JsonArray)(obj[field.Name] = new JsonArray());
                list.Add(Value(reader.Bytes, reader.Number, field.Type));
            }
            else if (Value(reader.Bytes, reader.Number, field.Type) is { } value && !IsUnset(value)
                && !(field.OmitsZero && reader.Number == 0))
            {
                obj[field.Name] = value;
            }
        }

        return obj;
    }

    // Go's embedded structs are messages of their own; in JSON their fields stand among the others.
    private static void Inline(JsonObject obj, JsonObject embedded)
    {
        foreach (var (name, value) in embedded)
        {
            obj[name] = value?.DeepClone();
        }
    }

    // The encoder writes strings and zero numbers that are not pointers even when they are not set; in JSON they are left out.
    private static bool IsUnset(JsonNode value) =>
        value is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.String && v.GetValue<string>().Length == 0;

    private static (string Key, JsonNode? Value) Entry(ReadOnlySpan<byte> bytes, string type)
    {
        var key = "";
        JsonNode? value = type is "string" or "bytes" ? "" : null;
        var reader = new ProtobufReader(bytes);
        while (reader.Read())
        {
            if (reader.Field == 1)
            {
                key = reader.Text;
            }
            else if (reader.Field == 2)
            {
                value = Value(reader.Bytes, reader.Number, type);
            }
        }

        return (key, value);
    }

    private static JsonNode? Value(ReadOnlySpan<byte> bytes, ulong number, string type) => type switch
    {
        "string" => System.Text.Encoding.UTF8.GetString(bytes),
        "bytes" => Convert.ToBase64String(bytes),
        "int" => (long)number,
        "bool" => number != 0,
        "double" => BitConverter.UInt64BitsToDouble(number),
        "meta.v1.Time" => Time(bytes, "yyyy-MM-dd'T'HH:mm:ss'Z'"),
        "meta.v1.MicroTime" => Time(bytes, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
        "resource.Quantity" => First(bytes),
        "intstr.IntOrString" => IntOrString(bytes),
        "meta.v1.FieldsV1" => JsonNode.Parse(First(bytes)),
        "authentication.v1.ExtraValue" or "authorization.v1.ExtraValue" => Message(bytes, type)["items"]?.DeepClone(),
        _ => Message(bytes, type),
    };

    private static string First(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtobufReader(bytes);
        return reader.Read() ? reader.Text : "";
    }

    private static JsonValue? IntOrString(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtobufReader(bytes);
        var isText = false;
        var number = 0L;
        var text = "";
        while (reader.Read())
        {
            switch (reader.Field)
            {
                case 1:
                    isText = reader.Number == 1;
                    break;
                case 2:
                    number = (long)reader.Number;
                    break;
                case 3:
                    text = reader.Text;
                    break;
            }
        }

        return isText ? JsonValue.Create(text) : JsonValue.Create(number);
    }

    private static JsonNode? Time(ReadOnlySpan<byte> bytes, string format)
    {
        var reader = new ProtobufReader(bytes);
        var seconds = 0L;
        var nanos = 0L;
        while (reader.Read())
        {
            (seconds, nanos) = reader.Field switch
            {
                1 => ((long)reader.Number, nanos),
                2 => (seconds, (long)reader.Number),
                _ => (seconds, nanos),
            };
        }

        // The zero time means that there is none.
        return seconds == 0 && nanos == 0
            ? null
            : DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100).UtcDateTime.ToString(format, CultureInfo.InvariantCulture);
    }
}

using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Protobuf;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>Reads request bodies: JSON or YAML, bounded, with duplicate fields reported rather than lost.</summary>
internal static class RequestBody
{
    /// <summary>As etcd-backed servers: no object may be larger than this.</summary>
    public const int MaxBytes = 3 * 1024 * 1024;

    public static async Task<byte[]> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBytes)
        {
            throw TooLarge();
        }

        using var buffer = new MemoryStream((int)(context.Request.ContentLength ?? 1024));
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0)
            {
                if (buffer.Length + read > MaxBytes)
                {
                    throw TooLarge();
                }

                buffer.Write(chunk, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return buffer.ToArray();
    }

    /// <summary>The object of a create, update or apply; <paramref name="duplicates"/> collects fields that were given twice.</summary>
    public static async Task<JsonObject> ReadObjectAsync(HttpContext context, string kind, List<string> duplicates)
    {
        var mediaType = MediaType(context);
        var bytes = await ReadAsync(context);
        switch (mediaType)
        {
            case "" or "application/json":
                return ParseJson(bytes, kind, duplicates);
            case ProtobufDecoder.MediaType:
                return ParseProtobuf(bytes);
            case "application/yaml" or "application/apply-patch+yaml":
                return ParseYaml(bytes);
            default:
                throw ApiErrors.UnsupportedMediaType(
                    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }
    }

    /// <summary>The media type without parameters, in lower case.</summary>
    public static string MediaType(HttpContext context)
    {
        var type = context.Request.ContentType ?? "";
        var end = type.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? type : type[..end]).Trim().ToLowerInvariant();
    }

    public static JsonObject ParseJson(byte[] bytes, string kind, List<string> duplicates)
    {
        JsonNode? node;
        try
        {
            node = JsonTree.Parse(bytes, duplicates);
        }
        catch (JsonException e)
        {
            throw ApiErrors.BadRequest(
                $"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {GoJsonError.Describe(bytes, e)} ({Excerpt(bytes)})");
        }

        return node as JsonObject
            ?? throw ApiErrors.BadRequest($"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: json: cannot unmarshal {KindOf(node)} into Go value of type struct");
    }

    public static JsonObject ParseProtobuf(byte[] bytes)
    {
        try
        {
            return ProtobufDecoder.Decode(bytes, out var kind)
                ?? throw ApiErrors.UnsupportedMediaType($"{kind} is not read in protobuf form, send it as application/json");
        }
        catch (FormatException e)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
    }

    public static JsonObject ParseYaml(byte[] bytes)
    {
        try
        {
            return Yaml.Parse(Encoding.UTF8.GetString(bytes)) as JsonObject
                ?? throw ApiErrors.BadRequest("error decoding YAML: the document is not an object");
        }
        catch (FormatException e)
        {
            throw ApiErrors.BadRequest("error decoding YAML: " + e.Message);
        }
    }

    public static string KindOf(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "bool",
    };

    private static string Excerpt(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 64)));
        return bytes.Length > 64 ? text + "..." : text;
    }

    private static StatusException TooLarge() =>
        new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {MaxBytes}");
}

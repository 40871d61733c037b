using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Reading;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>Writes answers: objects in the asked shape, Status objects, warnings.</summary>
internal static class ResponseWriter
{
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An object in the shape that the client asked for.</summary>
    public static Task ObjectAsync(ApiRequest call, int code, JsonObject obj, TimeProvider time)
    {
        var negotiation = call.Negotiate();
        var body = negotiation.Shape switch
        {
            ResponseShape.Table => TableWriter.Table(call.Target, negotiation.ApiVersion, [obj], TableWriter.IncludeOf(call), time,
                new JsonObject { ["resourceVersion"] = ResourceOperations.Text(obj, "metadata", "resourceVersion") }),
            ResponseShape.Metadata => TableWriter.Metadata(obj, negotiation.ApiVersion),
            _ => obj,
        };
        return NodeAsync(call.Http, code, body, negotiation.Yaml);
    }

    /// <summary>Any document as JSON, or YAML when asked.</summary>
    public static Task NodeAsync(HttpContext http, int code, JsonNode body, bool yaml = false) => yaml
        ? BytesAsync(http, code, "application/yaml", Encoding.UTF8.GetBytes(Yaml.Write(Sorted(body))))
        : BytesAsync(http, code, "application/json", WantsPretty(http) ? Encoding.UTF8.GetBytes(body.ToJsonString(Pretty)) : ObjectCodec.ToBytes(body));

    /// <summary>People who use curl or a browser, or ask for it, read indented JSON.</summary>
    public static bool WantsPretty(HttpContext http)
    {
        if (http.Request.Query["pretty"].ToString() is { Length: > 0 } asked)
        {
            return asked is "true" or "1";
        }

        var agent = http.Request.Headers.UserAgent.ToString();
        return agent.StartsWith("curl", StringComparison.Ordinal) || agent.StartsWith("Wget", StringComparison.Ordinal) || agent.StartsWith("Mozilla/5.0", StringComparison.Ordinal);
    }

    public static async Task BytesAsync(HttpContext http, int code, string contentType, ReadOnlyMemory<byte> body)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = contentType;
        http.Response.Headers.CacheControl = "no-cache, private";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    public static Task TextAsync(HttpContext http, int code, string text)
    {
        http.Response.Headers["X-Content-Type-Options"] = "nosniff";
        return BytesAsync(http, code, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));
    }

    public static Task StatusAsync(HttpContext http, StatusException status)
    {
        if (status.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return NodeAsync(http, status.Code, status.ToStatus());
    }

    /// <summary>Warning headers as kubectl prints them. Must come before the body.</summary>
    public static void Warn(HttpContext http, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings.Distinct(StringComparer.Ordinal))
        {
            var text = warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" ");
            http.Response.Headers.Append("Warning", $"299 - \"{text}\"");
        }
    }

    /// <summary>Waits for a write and puts its warnings into the answer, also when that is a refusal.</summary>
    public static async Task<JsonObject> WarningAsync(HttpContext http, RequestOptions options, Task<JsonObject> write)
    {
        try
        {
            return await write;
        }
        finally
        {
            Warn(http, options.Warnings);
        }
    }

    /// <summary>YAML goes out with its keys in order.</summary>
    private static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject obj => new JsonObject(obj.OrderBy(static p => p.Key, StringComparer.Ordinal)
            .Select(static p => KeyValuePair.Create(p.Key, p.Value is null ? null : (JsonNode?)Sorted(p.Value)))),
        JsonArray array => new JsonArray([.. array.Select(static item => item is null ? null : Sorted(item))]),
        _ => node.DeepClone(),
    };
}

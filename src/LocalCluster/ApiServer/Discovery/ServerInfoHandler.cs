using System.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Http;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Discovery;

/// <summary>What is not a resource: version, health, OpenAPI, the list of paths.</summary>
internal sealed class ServerInfoHandler(IOpenApiProvider? openApi, Func<bool> ready, Func<IEnumerable<string>> paths)
{
    /// <summary>The version of the API that is followed: kubectl judges its skew by it.</summary>
    private const string Minor = "32";

    private const string OpenApiV2MediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private static readonly string[] Checks = ["ping", "store"];

    public async Task<bool> TryHandleAsync(HttpContext http, string path)
    {
        switch (path)
        {
            case "/":
                var known = paths().Concat(["/api", "/apis", "/apis/", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]).Distinct(StringComparer.Ordinal);
                await ResponseWriter.NodeAsync(http, StatusCodes.Status200OK, new JsonObject
                {
                    ["paths"] = new JsonArray([.. known.OrderBy(p => p, StringComparer.Ordinal).Select(JsonNode (p) => JsonValue.Create(p))]),
                });
                return true;
            case "/version":
                await ResponseWriter.NodeAsync(http, StatusCodes.Status200OK, Version());
                return true;
            case "/openapi/v3":
                await IndexAsync(http);
                return true;
            case "/openapi/v2":
                await V2Async(http);
                return true;
        }

        if (path.StartsWith("/openapi/v3/", StringComparison.Ordinal))
        {
            await DocumentAsync(http, path["/openapi/v3/".Length..]);
            return true;
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is 1 or 2 && parts[0] is "healthz" or "livez" or "readyz")
        {
            await HealthAsync(http, parts);
            return true;
        }

        return false;
    }

    private async Task HealthAsync(HttpContext http, string[] parts)
    {
        if (parts.Length == 2 && !Checks.Contains(parts[1]))
        {
            await ResponseWriter.TextAsync(http, StatusCodes.Status404NotFound, "404 page not found\n");
            return;
        }

        var excluded = http.Request.Query["exclude"].OfType<string>().ToHashSet(StringComparer.Ordinal);
        var ok = ready() || excluded.Contains("store");
        if (!ok || (http.Request.Query.ContainsKey("verbose") && parts.Length == 1))
        {
            var text = new StringBuilder();
            foreach (var check in Checks)
            {
                text.Append(excluded.Contains(check) ? $"[+]{check} excluded: ok\n"
                    : ok || check == "ping" ? $"[+]{check} ok\n" : $"[-]{check} failed: reason withheld\n");
            }

            if (excluded.Except(Checks).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } unknown)
            {
                text.Append("warn: some health checks cannot be excluded: no matches for ").AppendJoin(',', unknown.Select(static u => $"\"{u}\"")).Append('\n');
            }

            text.Append(parts[0]).Append(ok ? " check passed\n" : " check failed\n");
            await ResponseWriter.TextAsync(http, ok ? StatusCodes.Status200OK : StatusCodes.Status500InternalServerError, text.ToString());
            return;
        }

        await ResponseWriter.TextAsync(http, StatusCodes.Status200OK, "ok");
    }

    private async Task IndexAsync(HttpContext http)
    {
        var documents = new JsonObject();
        foreach (var (path, hash) in openApi?.Index() ?? new Dictionary<string, string>())
        {
            documents[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={hash}" };
        }

        await ResponseWriter.NodeAsync(http, StatusCodes.Status200OK, new JsonObject { ["paths"] = documents });
    }

    private async Task DocumentAsync(HttpContext http, string path)
    {
        if (openApi?.Document(path) is not { } document)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            http.Response.Headers.CacheControl = "no-cache, private";
            return;
        }

        await TaggedAsync(http, openApi.Index()[path], "application/json", document);
    }

    private async Task V2Async(HttpContext http)
    {
        if (openApi is null)
        {
            await ResponseWriter.TextAsync(http, StatusCodes.Status404NotFound, "404 page not found\n");
            return;
        }

        var (document, hash) = openApi.V2();
        await TaggedAsync(http, hash, OpenApiV2MediaType, document);
    }

    private static async Task TaggedAsync(HttpContext http, string hash, string contentType, ReadOnlyMemory<byte> document)
    {
        var etag = '"' + hash + '"';
        http.Response.Headers.ETag = etag;
        if (http.Request.Headers.IfNoneMatch.ToString().Contains(etag, StringComparison.Ordinal))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await ResponseWriter.BytesAsync(http, StatusCodes.Status200OK, contentType, document);
    }

    private static JsonObject Version()
    {
        var product = typeof(ServerInfoHandler).Assembly.GetName().Version!;
        return new JsonObject
        {
            ["major"] = "1",
            ["minor"] = Minor,
            ["emulationMajor"] = "1",
            ["emulationMinor"] = Minor,
            ["minCompatibilityMajor"] = "1",
            ["minCompatibilityMinor"] = Minor,
            ["gitVersion"] = $"v1.{Minor}.0+godwit.{product.Major}.{product.Minor}.{product.Build}",
            ["gitCommit"] = "",
            ["gitTreeState"] = "clean",
            ["buildDate"] = "1970-01-01T00:00:00Z",
            ["goVersion"] = "none",
            ["compiler"] = "dotnet",
            ["platform"] = "linux/amd64",
        };
    }
}

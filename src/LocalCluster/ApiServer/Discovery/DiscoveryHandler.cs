using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Discovery;

/// <summary>What the server serves: the aggregated documents that kubectl reads, and the older ones derived from them.</summary>
internal sealed class DiscoveryHandler
{
    private readonly ResourceRegistry _registry;
    private readonly IAggregator? _aggregator;
    private JsonArray? _own;

    public DiscoveryHandler(ResourceRegistry registry, IAggregator? aggregator)
    {
        _registry = registry;
        _aggregator = aggregator;
        registry.Changed += (_, _) => _own = null;
    }

    public async Task<bool> TryHandleAsync(HttpContext http, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is 0 or > 3 || parts[0] is not ("api" or "apis") || (parts[0] == "api" && parts.Length == 3))
        {
            return false;
        }

        if (http.Request.Method is not ("GET" or "HEAD"))
        {
            throw ApiErrors.MethodNotAllowed("");
        }

        var core = parts[0] == "api";
        if (parts.Length == 1)
        {
            await RootAsync(http, core);
            return true;
        }

        var groups = await GroupsAsync(http.RequestAborted);
        var group = core ? "" : parts[1];
        var found = groups.OfType<JsonObject>().FirstOrDefault(g => NameOf(g) == group);
        if (found is null)
        {
            await ResponseWriter.TextAsync(http, StatusCodes.Status404NotFound, "404 page not found\n");
            return true;
        }

        if (!core && parts.Length == 2)
        {
            var document = LegacyDiscovery.Group(found);
            document.Insert(0, "kind", "APIGroup");
            document.Insert(1, "apiVersion", "v1");
            await ResponseWriter.NodeAsync(http, StatusCodes.Status200OK, document);
            return true;
        }

        var version = parts[^1];
        var listed = ((JsonArray)found["versions"]!).OfType<JsonObject>().FirstOrDefault(v => v["version"]!.GetValue<string>() == version)
            ?? throw ApiErrors.NoSuchResource();
        await ResponseWriter.NodeAsync(http, StatusCodes.Status200OK, LegacyDiscovery.Resources(group, listed, plural => StoredAs(group, plural)));
        return true;
    }

    /// <summary>Names of all groups with their versions, for the list of paths.</summary>
    public IEnumerable<string> Paths()
    {
        foreach (var group in Own().OfType<JsonObject>())
        {
            var name = NameOf(group);
            var prefix = name.Length == 0 ? "/api" : "/apis/" + name;
            yield return prefix;
            foreach (var version in (JsonArray)group["versions"]!)
            {
                yield return prefix + "/" + version!["version"]!.GetValue<string>();
            }
        }
    }

    private async Task RootAsync(HttpContext http, bool core)
    {
        var accept = http.Request.Headers.Accept.ToString();
        http.Response.Headers.Vary = "Accept";
        var form = accept.Split(',').Select(a => a.Replace(" ", "", StringComparison.Ordinal))
            .FirstOrDefault(a => a.StartsWith("application/json", StringComparison.Ordinal) || a.StartsWith("*/*", StringComparison.Ordinal)) ?? "";
        var version = form.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal)
            ? form.Contains("v=v2beta1", StringComparison.Ordinal) ? "v2beta1" : "v2"
            : "";
        if (version.Length > 0)
        {
            var groups = (await GroupsAsync(http.RequestAborted)).OfType<JsonObject>().Where(g => (NameOf(g).Length == 0) == core);
            var list = new JsonObject
            {
                ["kind"] = "APIGroupDiscoveryList",
                ["apiVersion"] = "apidiscovery.k8s.io/" + version,
                ["metadata"] = new JsonObject(),
                ["items"] = new JsonArray([.. groups.Select(g => g.DeepClone())]),
            };
            await WithETagAsync(http, list, $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
            return;
        }

        if (core)
        {
            await ResponseWriter.NodeAsync(http, StatusCodes.Status200OK, new JsonObject
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray("v1"),
                ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = http.Request.Host.Value }),
            });
            return;
        }

        var all = (await GroupsAsync(http.RequestAborted)).OfType<JsonObject>().Where(g => NameOf(g).Length > 0);
        await ResponseWriter.NodeAsync(http, StatusCodes.Status200OK, new JsonObject
        {
            ["kind"] = "APIGroupList",
            ["apiVersion"] = "v1",
            ["groups"] = new JsonArray([.. all.Select(JsonNode (g) => LegacyDiscovery.Group(g))]),
        });
    }

    private async Task<JsonArray> GroupsAsync(CancellationToken cancellationToken)
    {
        var own = Own();
        var aggregated = _aggregator is null ? [] : await _aggregator.DiscoverAsync(cancellationToken);
        return aggregated.Count == 0 ? own : [.. own.Select(g => g!.DeepClone()), .. aggregated.Select(g => g.DeepClone())];
    }

    private string? StoredAs(string group, string plural) =>
        _registry.Find(group, plural) is { } resource && resource.Verbs.Contains("list")
            && _registry.Find(resource.StoreName) is { } stored
            ? $"{stored.Group}/{stored.StorageVersion.Name}/{stored.Kind}"
            : null;

    private JsonArray Own() => _own ??= AggregatedDiscovery.Build(_registry.All);

    private static string NameOf(JsonObject group) => group["metadata"]?["name"]?.GetValue<string>() ?? "";

    private static async Task WithETagAsync(HttpContext http, JsonObject document, string contentType)
    {
        var bytes = ObjectCodec.ToBytes(document);
        var etag = '"' + Convert.ToHexString(SHA512.HashData(bytes)) + '"';
        http.Response.Headers.ETag = etag;
        if (http.Request.Headers.IfNoneMatch.ToString().Contains(etag, StringComparison.Ordinal))
        {
            http.Response.Headers.CacheControl = "public";
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = contentType;
        http.Response.Headers.CacheControl = "public";
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }
}

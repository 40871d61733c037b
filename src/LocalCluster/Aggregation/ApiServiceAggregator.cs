using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Services;
using Godwit.LocalCluster.Store;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.Aggregation;

/// <summary>Hands requests for aggregated group versions on to their servers, and shows those in discovery.</summary>
public sealed class ApiServiceAggregator(ObjectStore store, ServiceTransport transport) : IAggregator
{
    private readonly ConcurrentDictionary<string, JsonObject> _discovered = new(StringComparer.Ordinal);
    private readonly ProxyForwarder _forwarder = new(transport);
    private volatile Table _table = new(-1, []);

    public async Task<bool> TryHandleAsync(HttpContext context)
    {
        if ((context.Request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries) is not ["apis", var group, var version, ..]
            || Current().FirstOrDefault(a => a.Group == group && a.Version == version) is not { } api)
        {
            return false;
        }

        if (!api.Available)
        {
            throw ApiErrors.ServiceUnavailable($"the server behind {api.Name} (service {api.Namespace}/{api.Service}) is not available now; see 'kubectl get apiservice {api.Name}'");
        }

        await _forwarder.ForwardAsync(context, api, (UserInfo)context.Items[typeof(UserInfo)]!);
        return true;
    }

    public Task<IReadOnlyList<JsonObject>> DiscoverAsync(CancellationToken cancellationToken)
    {
        var groups = Current().Where(a => a.Available).GroupBy(a => a.Group, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal);
        return Task.FromResult<IReadOnlyList<JsonObject>>([.. groups.Select(g => new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = g.Key, ["creationTimestamp"] = null },
            ["versions"] = new JsonArray([.. g.Select(a => _discovered.GetValueOrDefault(a.Name)?.DeepClone()).OfType<JsonObject>()]),
        }).Where(g => ((JsonArray)g["versions"]!).Count > 0)]);
    }

    /// <summary>Asks a server what it serves. Throws what the attempt throws.</summary>
    internal async Task ProbeAsync(AggregatedApi api, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api.Address, $"/apis/{api.Group}/{api.Version}"));
        request.Headers.Accept.ParseAdd("application/json");
        FrontProxyHeaders.Identify(request.Headers, UserInfo.System);
        using var response = await transport.Pool(api.CaBundle, api.Insecure).SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        var list = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        _discovered[api.Name] = DiscoveryConversion.Version(api, list);
    }

    internal IReadOnlyList<AggregatedApi> Current()
    {
        var state = store.Snapshot;
        var change = state.LastChange(AggregatedApi.Resource);
        var table = _table;
        if (table.Change != change)
        {
            _table = table = new Table(change, [.. state.List(AggregatedApi.Resource).Select(s => AggregatedApi.Read(s.ToJsonObject())).OfType<AggregatedApi>()]);
        }

        return table.Apis;
    }

    private sealed record Table(long Change, IReadOnlyList<AggregatedApi> Apis);
}

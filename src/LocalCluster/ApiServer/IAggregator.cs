using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer;

/// <summary>Groups that another server answers for (APIService objects).</summary>
public interface IAggregator
{
    /// <summary>Answers the request if its path belongs to an aggregated group version; the caller is already authenticated.</summary>
    Task<bool> TryHandleAsync(HttpContext context);

    /// <summary>The aggregated groups as items of an APIGroupDiscoveryList (<c>apidiscovery.k8s.io/v2</c>), legacy documents are derived from them.</summary>
    Task<IReadOnlyList<JsonObject>> DiscoverAsync(CancellationToken cancellationToken);
}

using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>Finds by discovery under which path objects of a kind live.</summary>
public sealed class KindLookup(ApiClient api)
{
    private readonly Dictionary<string, JsonArray> _versions = new(StringComparer.Ordinal);

    /// <summary>The kind, or null as long as the server does not know it.</summary>
    public async Task<ResourceKind?> FindAsync(string apiVersion, string kind, CancellationToken ct)
    {
        if (Known(apiVersion, kind) is { } known)
        {
            return known;
        }

        try
        {
            var path = apiVersion.Contains('/', StringComparison.Ordinal) ? $"/apis/{apiVersion}" : $"/api/{apiVersion}";
            _versions[apiVersion] = JsonNode.Parse(await api.GetRawAsync(path, ct: ct)).At("resources") as JsonArray ?? [];
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }

        return Known(apiVersion, kind);
    }

    private ResourceKind? Known(string apiVersion, string kind)
    {
        var resource = _versions.GetValueOrDefault(apiVersion)?
            .FirstOrDefault(r => r.Text("kind") == kind && r.Text("name")?.Contains('/', StringComparison.Ordinal) == false);
        if (resource is null)
        {
            return null;
        }

        var parts = apiVersion.Split('/');
        return new(parts.Length == 2 ? parts[0] : "", parts[^1], resource.Text("name")!, kind, resource.Flag("namespaced") == true);
    }
}

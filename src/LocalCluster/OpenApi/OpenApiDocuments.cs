using System.Collections.Concurrent;
using System.Security.Cryptography;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.OpenApi;

/// <summary>The OpenAPI documents of all group versions, built when they are first asked for and again when the registry changed.</summary>
public sealed class OpenApiDocuments(ResourceRegistry registry) : IOpenApiProvider
{
    private readonly ConcurrentDictionary<string, Entry> _built = new(StringComparer.Ordinal);
    private Entry? _v2;

    public IReadOnlyDictionary<string, string> Index() =>
        GroupVersions().ToDictionary(g => g.Path, g => Entry(g).Hash, StringComparer.Ordinal);

    public ReadOnlyMemory<byte>? Document(string path) =>
        GroupVersions().FirstOrDefault(g => g.Path == path) is { } found ? (ReadOnlyMemory<byte>?)Entry(found).Json : null;

    public (ReadOnlyMemory<byte> Document, string Hash) V2()
    {
        var groupVersions = GroupVersions().ToList();
        var from = groupVersions.SelectMany(static g => g.Resources).ToList();
        if (_v2 is not { } built || !built.From.SequenceEqual(from, ReferenceEqualityComparer.Instance))
        {
            var bytes = OpenApiV2.Build(groupVersions.Select(static g => OpenApiDocument.Build(g.Group, g.Version, g.Resources)));
            _v2 = built = new Entry(from, bytes, Convert.ToHexString(SHA512.HashData(bytes)));
        }

        return (built.Json, built.Hash);
    }

    private IEnumerable<GroupVersion> GroupVersions() =>
        from resource in registry.All
        from version in resource.Versions
        where version.Served
        group resource by (resource.Group, version.Name) into g
        select new GroupVersion(
            g.Key.Group.Length == 0 ? $"api/{g.Key.Name}" : $"apis/{g.Key.Group}/{g.Key.Name}",
            g.Key.Group,
            g.Key.Name,
            [.. g.OrderBy(r => r.Plural, StringComparer.Ordinal)]);

    // The registry's records are immutable: the same ones give the same document.
    private Entry Entry(GroupVersion of)
    {
        if (_built.TryGetValue(of.Path, out var built) && built.From.SequenceEqual(of.Resources, ReferenceEqualityComparer.Instance))
        {
            return built;
        }

        var json = ObjectCodec.ToBytes(OpenApiDocument.Build(of.Group, of.Version, of.Resources));
        var entry = new Entry(of.Resources, json, Convert.ToHexString(SHA512.HashData(json)));
        _built[of.Path] = entry;
        return entry;
    }

    private sealed record GroupVersion(string Path, string Group, string Version, IReadOnlyList<ResourceInfo> Resources);
}

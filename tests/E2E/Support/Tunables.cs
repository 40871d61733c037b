using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Tests.E2E.Support;

/// <summary>Fields of the KubeVirt resource's <c>spec.configuration.migrations</c>, in force until it is disposed of.</summary>
internal sealed class Tunables : IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly IReadOnlyList<string> _fields;

    private Tunables(TestCluster cluster, IReadOnlyList<string> fields) => (_cluster, _fields) = (cluster, fields);

    /// <summary>Sets fields by name.</summary>
    public static async Task<Tunables> SetAsync(TestCluster cluster, params (string Field, JsonNode Value)[] settings)
    {
        await PatchAsync(cluster, settings.Select(static s => KeyValuePair.Create(s.Field, (JsonNode?)s.Value)));
        return new(cluster, [.. settings.Select(static s => s.Field)]);
    }

    /// <summary>Migrations that are slow enough to be looked at.</summary>
    public static Task<Tunables> BandwidthAsync(TestCluster cluster, string bandwidth) =>
        SetAsync(cluster, ("bandwidthPerMigration", bandwidth));

    public async ValueTask DisposeAsync() => await PatchAsync(_cluster, _fields.Select(static f => KeyValuePair.Create(f, (JsonNode?)null)));

    private static Task<JsonObject> PatchAsync(TestCluster cluster, IEnumerable<KeyValuePair<string, JsonNode?>> fields) => cluster.Api.PatchAsync(
        Kinds.KubeVirt,
        new(Installation.Namespace, Installation.KubeVirtName),
        PatchKind.Merge,
        new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["configuration"] = new JsonObject { ["migrations"] = new JsonObject(fields) },
            },
        });
}

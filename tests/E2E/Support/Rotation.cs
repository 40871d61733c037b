using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Tests.E2E.Support;

/// <summary>How often the components' certificates are replaced, in force until it is disposed of; then it is as before.</summary>
internal sealed class Rotation : IAsyncDisposable
{
    private static readonly NamespacedName Settings = new(Installation.Namespace, Installation.KubeVirtName);
    private readonly ApiClient _api;
    private readonly JsonNode? _before;

    private Rotation(ApiClient api, JsonNode? before) => (_api, _before) = (api, before);

    /// <summary>
    /// The authority and what it signs each get a successor after <paramref name="seconds"/>. An authority lives three times, a
    /// certificate two times as long.
    /// </summary>
    public static async Task<Rotation> EveryAsync(ApiClient api, int seconds)
    {
        var before = (await api.GetAsync(Kinds.KubeVirt, Settings)).At("spec", "certificateRotateStrategy")?.DeepClone();
        await PatchAsync(api, null);
        await PatchAsync(api, new JsonObject
        {
            ["selfSigned"] = new JsonObject
            {
                ["ca"] = new JsonObject { ["duration"] = $"{3 * seconds}s", ["renewBefore"] = $"{2 * seconds}s" },
                ["server"] = new JsonObject { ["duration"] = $"{2 * seconds}s", ["renewBefore"] = $"{seconds}s" },
            },
        });
        return new(api, before);
    }

    public async ValueTask DisposeAsync()
    {
        await PatchAsync(_api, null);
        await PatchAsync(_api, _before);
    }

    private static Task<JsonObject> PatchAsync(ApiClient api, JsonNode? strategy) => api.PatchAsync(
        Kinds.KubeVirt, Settings, PatchKind.Merge, new JsonObject { ["spec"] = new JsonObject { ["certificateRotateStrategy"] = strategy } });
}

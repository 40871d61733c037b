using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>Brings manifests into the API: makes what is missing, changes what was made from another text.</summary>
public sealed class ManifestApplier(ApiClient api, TimeProvider clock)
{
    /// <summary>
    /// Digest of the text that an object was last made from. Fields that others have filled in since (a CA bundle, a setting
    /// changed by hand) stay as long as the text does.
    /// </summary>
    public const string DigestAnnotation = "godwit.dev/manifest-digest";

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly KindLookup _kinds = new(api);

    /// <summary>Brings in every object, in the set's order.</summary>
    /// <param name="manifests">The objects.</param>
    /// <param name="told">Hears what became of each as soon as it is known.</param>
    /// <param name="ct">Stops between two objects.</param>
    /// <exception cref="InvalidOperationException">The API server does not know a kind, also not after a while.</exception>
    public async Task ApplyAsync(ManifestSet manifests, Action<JsonObject, ManifestOutcome>? told, CancellationToken ct)
    {
        foreach (var @object in manifests.Objects)
        {
            // On a line of its own: what stands in the brackets of '?.' is left out with it.
            var outcome = await ApplyAsync(@object.Clone(), ct);
            told?.Invoke(@object, outcome);
        }
    }

    private async Task<ManifestOutcome> ApplyAsync(JsonObject @object, CancellationToken ct)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(@object.ToJsonString())))[..16];
        @object.Ensure("metadata", "annotations")[DigestAnnotation] = digest;
        var began = clock.GetTimestamp();
        while (true)
        {
            try
            {
                if (await _kinds.FindAsync(@object.Text("apiVersion")!, @object.Text("kind")!, ct) is { } kind)
                {
                    return await ApplyAsync(kind, @object, digest, ct);
                }
            }
            catch (ApiException e) when (e.IsNotFound && clock.GetElapsedTime(began) < Patience)
            {
                // A definition was accepted but its paths are not served yet.
            }

            if (clock.GetElapsedTime(began) >= Patience)
            {
                throw new InvalidOperationException($"The API server knows no {@object.Text("apiVersion")} {@object.Text("kind")}, which the manifests hold.");
            }

            await Task.Delay(Retry, clock, ct);
        }
    }

    private async Task<ManifestOutcome> ApplyAsync(ResourceKind kind, JsonObject @object, string digest, CancellationToken ct)
    {
        var present = await api.TryGetAsync(kind, @object.Key(), ct);
        if (present is null)
        {
            await api.CreateAsync(kind, @object, ct: ct);
            return ManifestOutcome.Created;
        }

        if (present.Annotations().GetValueOrDefault(DigestAnnotation) == digest)
        {
            return ManifestOutcome.Unchanged;
        }

        await api.PatchAsync(kind, @object.Key(), PatchKind.Merge, @object, ct: ct);
        return ManifestOutcome.Configured;
    }
}

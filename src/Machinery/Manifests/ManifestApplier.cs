using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Install;

/// <summary>Brings the objects of a folder of YAML files into the API: makes what is missing, changes what was made from another text.</summary>
public sealed partial class Manifests(ApiClient api, TimeProvider clock, ILogger logger)
{
    /// <summary>
    /// Digest of the text that an object was last made from. Fields that others have filled in since (a CA bundle, a setting
    /// changed by hand) stay as long as the text does.
    /// </summary>
    private const string DigestAnnotation = "godwit.dev/manifest-digest";
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly KindLookup _kinds = new(api);

    /// <summary>Brings in every object of the folder and those below it.</summary>
    public async Task ApplyAsync(string folder, CancellationToken ct)
    {
        var objects = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).SelectMany(Read).ToArray()
            : throw new DirectoryNotFoundException($"{folder} with the manifests is missing; build again with ./godwit");
        foreach (var @object in objects.OrderBy(static o => Rank(o.Text("kind"))))
        {
            await ApplyAsync(@object, ct);
        }

        LogApplied(objects.Length, folder);
    }

    /// <summary>Namespaces and definitions come before what needs them.</summary>
    private static int Rank(string? kind) => kind switch
    {
        "Namespace" => 0,
        "CustomResourceDefinition" => 1,
        "ServiceAccount" or "ClusterRole" or "Role" => 2,
        "MutatingWebhookConfiguration" or "ValidatingWebhookConfiguration" or "APIService" => 4,
        _ => 3,
    };

    private async Task ApplyAsync(JsonObject @object, CancellationToken ct)
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
                    await ApplyAsync(kind, @object, digest, ct);
                    return;
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

    private async Task ApplyAsync(ResourceKind kind, JsonObject @object, string digest, CancellationToken ct)
    {
        var present = await api.TryGetAsync(kind, @object.Key(), ct);
        if (present is null)
        {
            await api.CreateAsync(kind, @object, ct: ct);
        }
        else if (present.Annotations().GetValueOrDefault(DigestAnnotation) != digest)
        {
            await api.PatchAsync(kind, @object.Key(), PatchKind.Merge, @object, ct: ct);
        }
    }

    private static IEnumerable<JsonObject> Read(string file)
    {
        try
        {
            return Yaml.ParseObjects(File.ReadAllText(file));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or YamlSyntaxException)
        {
            throw new InvalidOperationException($"{file}: {e.Message}", e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} objects from {Folder} are in the API")]
    private partial void LogApplied(int count, string folder);
}

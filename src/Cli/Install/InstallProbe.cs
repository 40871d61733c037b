using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Install;

/// <summary>Finds out what <see cref="InstallChecks"/> asks about, changing nothing.</summary>
public sealed class InstallProbe(ApiClient api)
{
    private static readonly ResourceKind AccessReview = new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", Namespaced: false);
    private const string PartOf = "app.kubernetes.io/part-of";
    private const string Us = "godwit";
    private static readonly string[] Verbs = ["get", "create", "patch"];
    private readonly KindLookup _kinds = new(api);

    /// <summary>Looks at the cluster as far as the manifests concern it.</summary>
    public async Task<InstallFacts> GatherAsync(ManifestSet manifests, CancellationToken ct)
    {
        var definitions = manifests.Objects.Where(static o => o.Text("kind") == Resources.Definition.Kind).ToList();
        var unknown = new List<string>();
        var missing = new List<string>();
        foreach (var group in manifests.Objects.GroupBy(static o => (Version: o.Text("apiVersion")!, Kind: o.Text("kind")!, Namespace: o.Text("metadata", "namespace"))))
        {
            if (await _kinds.FindAsync(group.Key.Version, group.Key.Kind, ct) is { } kind)
            {
                missing.AddRange(await MissingAsync(kind, group.Key.Namespace, ct));
            }
            else if (!definitions.Exists(d => d.Text("spec", "names", "kind") == group.Key.Kind && group.Key.Version.StartsWith($"{d.Text("spec", "group")}/", StringComparison.Ordinal)))
            {
                unknown.Add($"{group.Key.Version} {group.Key.Kind}");
            }
        }

        var (foreign, stored) = await DefinitionsAsync(definitions, ct);
        return new InstallFacts
        {
            Server = Version(JsonNode.Parse(await api.GetRawAsync("/version", ct: ct))),
            UnknownKinds = [.. unknown.Distinct(StringComparer.Ordinal)],
            KubeVirt = await KubeVirtAsync(ct),
            ForeignDefinitions = foreign,
            StoredVersions = stored,
            MissingRights = [.. missing.Distinct(StringComparer.Ordinal)],
            Installed = foreign.Count > 0 ? null : await InstalledAsync(ct),
        };
    }

    /// <summary>Vendors append to the minor version, <c>30+</c>.</summary>
    public static (int Major, int Minor, string Text) Version(JsonNode? version)
    {
        return (Number("major"), Number("minor"), version.Text("gitVersion") ?? "of an unknown version");

        int Number(string part) =>
            int.TryParse((version.Text(part) ?? "").TrimEnd('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    /// <summary>Whether Godwit brought the object, by <c>godwit install</c> or by <c>kubectl apply -k deploy</c>.</summary>
    public static bool IsOurs(JsonObject present) =>
        present.Annotations().ContainsKey(ManifestApplier.DigestAnnotation) || present.Labels().GetValueOrDefault(PartOf) == Us;

    private async Task<List<string>> MissingAsync(ResourceKind kind, string? @namespace, CancellationToken ct)
    {
        var missing = new List<string>();
        foreach (var verb in Verbs)
        {
            var review = await api.CreateAsync(
                AccessReview,
                new JsonObject
                {
                    ["apiVersion"] = AccessReview.ApiVersion,
                    ["kind"] = AccessReview.Kind,
                    ["metadata"] = new JsonObject(),
                    ["spec"] = new JsonObject
                    {
                        ["resourceAttributes"] = new JsonObject { ["verb"] = verb, ["group"] = kind.Group, ["resource"] = kind.Plural, ["namespace"] = @namespace },
                    },
                },
                ct: ct);
            if (review.Flag("status", "allowed") != true)
            {
                missing.Add($"{verb} {kind.Plural}{(kind.Group.Length > 0 ? $".{kind.Group}" : "")}{(@namespace is null ? "" : $" in namespace {@namespace}")}");
            }
        }

        return missing;
    }

    private async Task<(List<string> Foreign, List<string> Stored)> DefinitionsAsync(List<JsonObject> definitions, CancellationToken ct)
    {
        var (foreign, stored) = (new List<string>(), new List<string>());
        foreach (var definition in definitions)
        {
            JsonObject? present;
            try
            {
                present = await api.TryGetAsync(Resources.Definition, definition.Key(), ct);
            }
            catch (ApiException e) when (e.IsForbidden)
            {
                // That they may not be read is among the missing rights.
                break;
            }

            if (present is null)
            {
                continue;
            }

            if (!IsOurs(present))
            {
                foreign.Add(present.Name());
            }

            var known = (definition.At("spec", "versions") as JsonArray ?? []).Select(static v => v.Text("name")).ToList();
            stored.AddRange((present.At("status", "storedVersions") as JsonArray ?? [])
                .Select(static v => v.Text())
                .Where(v => !known.Contains(v))
                .Select(v => $"{present.Name()}: {v}"));
        }

        return (foreign, stored);
    }

    private async Task<string?> KubeVirtAsync(CancellationToken ct)
    {
        try
        {
            var found = await api.ListAsync(Resources.Deployment, null, new ListOptions { LabelSelector = "kubevirt.io=virt-operator" }, ct);
            return found.Items.Select(static d => $"deployment {d.Key()}").FirstOrDefault();
        }
        catch (ApiException e) when (e.IsNotFound || e.IsForbidden)
        {
            // Who may not look, or where there are no deployments at all, is told so by the other checks.
            return null;
        }
    }

    private async Task<string?> InstalledAsync(CancellationToken ct)
    {
        try
        {
            var kubeVirt = await api.TryGetAsync(Kinds.KubeVirt, new(Installation.Namespace, Installation.KubeVirtName), ct);
            return kubeVirt is null ? null : kubeVirt.Text("status", "operatorVersion") ?? "of an unknown version";
        }
        catch (ApiException e) when (e.IsForbidden)
        {
            return null;
        }
    }
}

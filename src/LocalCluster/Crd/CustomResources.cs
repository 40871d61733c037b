using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>Turns CustomResourceDefinitions into entries of the registry.</summary>
public static partial class CustomResources
{
    /// <summary>Qualified name of the definitions' own resource.</summary>
    public const string Definitions = "customresourcedefinitions.apiextensions.k8s.io";

    /// <summary>All, in the order that a real server names them for custom resources.</summary>
    private static readonly string[] Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

    /// <summary>Registers a definition that is established, and takes one that is not out of the registry.</summary>
    public static void Sync(ResourceRegistry registry, JsonObject definition)
    {
        if (CrdConditions.IsTrue(definition, CrdNames.Established))
        {
            registry.Set(Describe(definition));
        }
        else
        {
            Remove(registry, definition);
        }
    }

    public static void Remove(ResourceRegistry registry, JsonObject definition)
    {
        var (group, plural) = (definition.Text("spec", "group")!, definition.Text("spec", "names", "plural")!);
        if (registry.Find(group, plural)?.Custom == true)
        {
            registry.Remove(group, plural);
        }
    }

    /// <summary>The registry's entry of an established definition.</summary>
    public static ResourceInfo Describe(JsonObject definition)
    {
        var spec = (JsonObject)definition["spec"]!;
        var names = definition.At("status", "acceptedNames") as JsonObject ?? (JsonObject)spec["names"]!;
        var versions = ((JsonArray)spec["versions"]!).OfType<JsonObject>()
            .OrderBy(v => v.Text("name")!, VersionOrder.Instance)
            .ToList();
        return new ResourceInfo
        {
            Group = spec.Text("group")!,
            Plural = names.Text("plural")!,
            Singular = names.Text("singular") ?? "",
            Kind = names.Text("kind")!,
            ListKindOverride = names.Text("listKind"),
            ShortNames = CrdNames.Texts(names["shortNames"]),
            Categories = CrdNames.Texts(names["categories"]),
            Namespaced = spec.Text("scope") == "Namespaced",
            Custom = true,
            Verbs = Verbs,
            Terminating = definition.At("metadata", "deletionTimestamp") is not null,
            Versions = [.. versions.Select(v => Version(spec, names.Text("kind")!, v, versions))],
        };
    }

    private static ResourceVersionInfo Version(JsonObject spec, string kind, JsonObject version, List<JsonObject> all)
    {
        var schema = version.At("schema", "openAPIV3Schema") as JsonObject;
        var scale = version.At("subresources", "scale") as JsonObject;
        return new ResourceVersionInfo
        {
            Name = version.Text("name")!,
            Served = version.Flag("served") ?? false,
            Storage = version.Flag("storage") ?? false,
            DeprecationWarning = version.Flag("deprecated") == true ? version.Text("deprecationWarning") ?? Deprecation(spec.Text("group")!, kind, version, all) : null,
            Schema = schema is null ? null : new CustomSchemaProvider(StructuralSchemaParser.Parse(schema), schema),
            HasStatus = version.At("subresources", "status") is not null,
            Scale = scale is null
                ? null
                : new ScaleSubresource(scale.Text("specReplicasPath")!, scale.Text("statusReplicasPath")!, scale.Text("labelSelectorPath")),
            Columns = Columns(version["additionalPrinterColumns"] as JsonArray),
            SelectableFields = [.. (version["selectableFields"] as JsonArray ?? []).Select(f => f.Text("jsonPath")?.TrimStart('.')).OfType<string>()],
        };
    }

    private static IReadOnlyList<TableColumn> Columns(JsonArray? columns) => columns is not { Count: > 0 }
        ? [TableColumn.Age]
        : [.. columns.OfType<JsonObject>().Select(c => TableColumn.FromJsonPath(
            c.Text("name")!,
            c.Text("type") ?? "string",
            c.Text("format") ?? "",
            c.Text("description") ?? "Custom resource definition column (in JSONPath format): " + c.Text("jsonPath"),
            (int)(c.Integer("priority") ?? 0),
            c.Text("jsonPath")!))];

    private static string Deprecation(string group, string kind, JsonObject version, List<JsonObject> all)
    {
        var better = all.TakeWhile(v => v != version).FirstOrDefault(v => v.Flag("served") == true && v.Flag("deprecated") != true);
        return $"{group}/{version.Text("name")} {kind} is deprecated" + (better is null ? "" : $"; use {group}/{better.Text("name")} {kind}");
    }

    /// <summary>Kubernetes' order of versions, best first: v2, v1, v1beta2, v1beta1, v1alpha1, then other names.</summary>
    private sealed partial class VersionOrder : IComparer<string>
    {
        public static readonly VersionOrder Instance = new();

        public int Compare(string? x, string? y)
        {
            var (a, b) = (Rank(x!), Rank(y!));
            var byRank = b.CompareTo(a);
            return byRank != 0 ? byRank : string.CompareOrdinal(x, y);
        }

        private static (int Stage, int Major, int Minor) Rank(string name)
        {
            var match = Name().Match(name);
            if (!match.Success)
            {
                return (-1, 0, 0);
            }

            var stage = match.Groups["stage"].Value switch { "" => 2, "beta" => 1, _ => 0 };
            return (stage, int.Parse(match.Groups["major"].Value), stage == 2 ? 0 : int.Parse(match.Groups["minor"].Value));
        }

        [GeneratedRegex(@"^v(?<major>\d{1,9})((?<stage>alpha|beta)(?<minor>\d{1,9}))?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
        private static partial Regex Name();
    }
}

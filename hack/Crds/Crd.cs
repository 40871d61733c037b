using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Crds;

/// <summary>One custom resource definition.</summary>
public sealed record Crd(ResourceKind Kind, Type Root, IReadOnlyList<CrdVersion> Versions)
{
    public string Label { get; init; } = "kubevirt.io";

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public bool StatusSubresource { get; init; }

    /// <summary>Serves <c>scale</c> by the usual paths, so that <c>kubectl scale</c> and autoscalers work.</summary>
    public bool ScaleSubresource { get; init; }

    public IReadOnlyList<CrdColumn> Columns { get; init; } = [];

    public JsonObject ToJson()
    {
        var names = new JsonObject
        {
            ["kind"] = Kind.Kind,
            ["listKind"] = Kind.Kind + "List",
            ["plural"] = Kind.Plural,
            ["singular"] = Kind.Kind.ToLowerInvariant(),
        };
        if (ShortNames.Count > 0)
        {
            names["shortNames"] = Texts(ShortNames);
        }

        if (Categories.Count > 0)
        {
            names["categories"] = Texts(Categories);
        }

        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject
            {
                ["name"] = Kind.GroupResource,
                ["labels"] = new JsonObject { [Label] = "" },
            },
            ["spec"] = new JsonObject
            {
                ["group"] = Kind.Group,
                ["names"] = names,
                ["scope"] = Kind.Namespaced ? "Namespaced" : "Cluster",
                ["conversion"] = new JsonObject { ["strategy"] = "None" },
                ["versions"] = new JsonArray([.. Versions.Select(Version)]),
            },
        };
    }

    private JsonNode Version(CrdVersion version)
    {
        var json = new JsonObject { ["name"] = version.Name, ["served"] = true, ["storage"] = version.Storage };
        if (version.DeprecationWarning is { } warning)
        {
            json["deprecated"] = true;
            json["deprecationWarning"] = warning;
        }

        if (Columns.Count > 0)
        {
            json["additionalPrinterColumns"] = new JsonArray([.. Columns.Select(Column)]);
        }

        json["schema"] = new JsonObject { ["openAPIV3Schema"] = StructuralSchema.Of(Root) };
        if (StatusSubresource)
        {
            json["subresources"] = new JsonObject { ["status"] = new JsonObject() };
        }

        if (ScaleSubresource)
        {
            json.Ensure("subresources")["scale"] = new JsonObject
            {
                ["specReplicasPath"] = ".spec.replicas",
                ["statusReplicasPath"] = ".status.replicas",
                ["labelSelectorPath"] = ".status.labelSelector",
            };
        }

        return json;
    }

    private static JsonNode Column(CrdColumn column)
    {
        var json = new JsonObject
        {
            ["name"] = column.Name,
            ["type"] = column.Type,
            ["jsonPath"] = column.JsonPath,
        };
        if (column.Priority > 0)
        {
            json["priority"] = column.Priority;
        }

        return json;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode)text)];
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.OpenApi;

/// <summary>Builds the OpenAPI v3 document of one group version, as far as kubectl reads it: kinds, and the parameters of writes.</summary>
internal sealed class OpenApiDocument
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    private static readonly string[] PatchTypes = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];

    private readonly OpenApiSchemas _schemas = new();
    private readonly JsonObject _paths = [];
    private readonly string _group;
    private readonly string _version;

    private OpenApiDocument(string group, string version)
    {
        _group = group;
        _version = version;
    }

    /// <summary>The document of the resources given, all of one group version.</summary>
    public static JsonObject Build(string group, string version, IEnumerable<ResourceInfo> resources)
    {
        var document = new OpenApiDocument(group, version);
        foreach (var resource in resources.OrderBy(r => r.Plural, StringComparer.Ordinal))
        {
            var info = resource.Versions.First(v => v.Name == version);
            document.Add(resource, info, (info.Schema as CustomSchemaProvider)?.Source);
        }

        document._schemas.Reference(Meta + "DeleteOptions");
        document._schemas.Reference(Meta + "Status");
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "1.36" },
            ["paths"] = document._paths,
            ["components"] = new JsonObject { ["schemas"] = document._schemas.Schemas },
        };
    }

    private void Add(ResourceInfo resource, ResourceVersionInfo version, JsonObject? customSchema)
    {
        var body = Kind(resource, customSchema);
        var list = List(resource, (JsonObject)body.DeepClone());
        var root = _group.Length == 0 ? $"/api/{_version}" : $"/apis/{_group}/{_version}";
        var collection = resource.Namespaced ? $"{root}/namespaces/{{namespace}}/{resource.Plural}" : $"{root}/{resource.Plural}";
        var verbs = resource.Verbs;
        if (resource.Namespaced && verbs.Contains("list"))
        {
            _paths[$"{root}/{resource.Plural}"] = new JsonObject { ["get"] = Operation(resource, "list", list) };
        }

        var all = new JsonObject();
        Put(all, "get", verbs.Contains("list"), () => Operation(resource, "list", list));
        Put(all, "post", verbs.Contains("create"), () => Write(resource, "post", body));
        Put(all, "delete", verbs.Contains("deletecollection"), () => Operation(resource, "deletecollection", Status()));
        _paths[collection] = Located(all, resource.Namespaced, false);

        var one = new JsonObject();
        Put(one, "get", verbs.Contains("get"), () => Operation(resource, "get", body));
        Put(one, "put", verbs.Contains("update"), () => Write(resource, "put", body));
        Put(one, "patch", verbs.Contains("patch"), () => Patch(resource, body));
        Put(one, "delete", verbs.Contains("delete"), () => Operation(resource, "delete", Status()));
        if (one.Count > 0)
        {
            _paths[$"{collection}/{{name}}"] = Located(one, resource.Namespaced, true);
        }

        if (version.HasStatus)
        {
            var status = new JsonObject
            {
                ["get"] = Operation(resource, "get", body),
                ["put"] = Write(resource, "put", body),
                ["patch"] = Patch(resource, body),
            };
            _paths[$"{collection}/{{name}}/status"] = Located(status, resource.Namespaced, true);
        }
    }

    private JsonObject Kind(ResourceInfo resource, JsonObject? customSchema)
    {
        if (BuiltInSchemas.Kind(resource.ApiVersion(_version), resource.Kind) is { TypeName: { } name })
        {
            var reference = _schemas.Reference(name);
            _schemas.Schemas[name]!["x-kubernetes-group-version-kind"] = new JsonArray(Gvk(resource.Kind));
            return reference;
        }

        var schema = (JsonObject?)customSchema?.DeepClone() ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        schema["type"] ??= "object";
        if (schema["properties"] is not JsonObject properties)
        {
            schema["properties"] = properties = [];
        }

        properties["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = "Version of the schema that the object follows." };
        properties["kind"] = new JsonObject { ["type"] = "string", ["description"] = "Kind of the object." };
        properties["metadata"] = new JsonObject
        {
            ["description"] = "Name, labels and the like.",
            ["allOf"] = new JsonArray(_schemas.Reference(Meta + "ObjectMeta")),
        };
        schema["x-kubernetes-group-version-kind"] = new JsonArray(Gvk(resource.Kind));
        return _schemas.Add(CustomName(resource.Kind), schema);
    }

    private JsonObject List(ResourceInfo resource, JsonObject item)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["type"] = "string" },
                ["items"] = new JsonObject { ["type"] = "array", ["items"] = item },
                ["kind"] = new JsonObject { ["type"] = "string" },
                ["metadata"] = new JsonObject { ["allOf"] = new JsonArray(_schemas.Reference(Meta + "ListMeta")) },
            },
            ["x-kubernetes-group-version-kind"] = new JsonArray(Gvk(resource.ListKind)),
        };
        var name = BuiltInSchemas.Kind(resource.ApiVersion(_version), resource.Kind)?.TypeName is { } typeName
            ? typeName[..(typeName.LastIndexOf('.') + 1)] + resource.ListKind
            : CustomName(resource.ListKind);
        return _schemas.Add(name, schema);
    }

    private JsonObject Status() => _schemas.Reference(Meta + "Status");

    private JsonObject Operation(ResourceInfo resource, string action, JsonObject answer) => new()
    {
        ["responses"] = new JsonObject
        {
            ["200"] = new JsonObject { ["description"] = "OK", ["content"] = Content(["application/json", "application/yaml"], answer) },
        },
        ["x-kubernetes-action"] = action,
        ["x-kubernetes-group-version-kind"] = Gvk(resource.Kind),
    };

    private JsonObject Write(ResourceInfo resource, string action, JsonObject body)
    {
        var operation = Operation(resource, action, body);
        operation["parameters"] = Query("dryRun", "fieldManager", "fieldValidation");
        operation["requestBody"] = new JsonObject { ["content"] = Content(["*/*"], body), ["required"] = true };
        return operation;
    }

    private JsonObject Patch(ResourceInfo resource, JsonObject body)
    {
        var operation = Operation(resource, "patch", body);
        operation["parameters"] = Query("dryRun", "fieldManager", "fieldValidation", "force");
        operation["requestBody"] = new JsonObject
        {
            ["content"] = Content(
                resource.Custom ? PatchTypes : [.. PatchTypes, "application/strategic-merge-patch+json"],
                _schemas.Reference(Meta + "Patch")),
            ["required"] = true,
        };
        return operation;
    }

    private static void Put(JsonObject path, string method, bool allowed, Func<JsonObject> operation)
    {
        if (allowed)
        {
            path[method] = operation();
        }
    }

    private static JsonObject Located(JsonObject path, bool namespaced, bool named)
    {
        var parameters = new JsonArray();
        foreach (var (name, there) in ((string, bool)[])[("name", named), ("namespace", namespaced)])
        {
            if (there)
            {
                parameters.Add((JsonNode)new JsonObject { ["name"] = name, ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string" } });
            }
        }

        path["parameters"] = parameters;
        return path;
    }

    private static JsonArray Query(params IEnumerable<string> names) => new([.. names.Select(JsonNode (n) => new JsonObject
    {
        ["name"] = n,
        ["in"] = "query",
        ["schema"] = new JsonObject { ["type"] = n == "force" ? "boolean" : "string" },
    })]);

    private static JsonObject Content(IEnumerable<string> types, JsonObject schema) =>
        new(types.Select(t => KeyValuePair.Create(t, (JsonNode?)new JsonObject { ["schema"] = schema.DeepClone() })));

    private JsonObject Gvk(string kind) => new() { ["group"] = _group, ["kind"] = kind, ["version"] = _version };

    // rig.example/v1 Widget is example.rig.v1.Widget.
    private string CustomName(string kind) => string.Join('.', _group.Split('.').Reverse().Append(_version).Append(kind));
}

using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Schema;

/// <summary>
/// Reads the field facts of built-in types. A file has a <c>package</c>, perhaps a <c>group NAME VERSION</c>, and types:
/// <code>
/// type PodSpec : What a pod runs.
///   containers! [Container] map(name) merge(name) : The containers.
///   nodeSelector {string} atomic
/// kind Pod : has apiVersion, kind and metadata besides its fields
/// type Time = string/date-time
/// </code>
/// <c>!</c> marks required fields, <c>[T]</c> lists, <c>{T}</c> maps; modifiers are map(keys), set, atomic, granular (where the type is atomic otherwise), merge, merge(key),
/// retainKeys, enum(values), default(value), <c>always</c> for a part that is written down even when nothing is in it, and <c>zero</c>
/// where 0, false or "" is not the same as nothing. A type is looked for in its own package first, then in those of the meta and core types.
/// </summary>
internal sealed class BuiltInSchemaReader
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1";

    private static readonly string[] SharedPackages =
    [
        Meta,
        "io.k8s.api.core.v1",
        "io.k8s.apimachinery.pkg.api.resource",
        "io.k8s.apimachinery.pkg.util.intstr",
        "io.k8s.apimachinery.pkg.runtime",
    ];

    private readonly Dictionary<string, StructuralSchema> _types = new(StringComparer.Ordinal);
    private readonly List<Definition> _definitions = [];

    /// <summary>Types by full name.</summary>
    public IReadOnlyDictionary<string, StructuralSchema> Types => _types;

    /// <summary>Full names of the kinds by apiVersion and kind.</summary>
    public Dictionary<(string ApiVersion, string Kind), string> Kinds { get; } = [];

    /// <summary>Takes in one file; <see cref="Resolve"/> must follow the last.</summary>
    public void Add(string text)
    {
        string package = "", group = "", version = "";
        Definition? current = null;
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.TrimEnd();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line[0] == ' ')
            {
                current!.Fields.Add(line.Trim());
                continue;
            }

            var words = line.Split(' ');
            switch (words[0])
            {
                case "package":
                    package = words[1];
                    break;
                case "group":
                    (group, version) = (words[1] == "\"\"" ? "" : words[1], words[2]);
                    break;
                default:
                    current = Declare(line, package, group, version);
                    break;
            }
        }
    }

    /// <summary>Connects the types with each other.</summary>
    public void Resolve()
    {
        foreach (var definition in _definitions)
        {
            foreach (var field in definition.Fields)
            {
                AddField(definition, field);
            }
        }
    }

    private Definition? Declare(string line, string package, string group, string version)
    {
        var (head, description) = SplitDescription(line);
        var words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = $"{package}.{words[1]}";
        if (words is [_, _, "=", var alias])
        {
            _types[name] = Alias(name, alias, description);
            return null;
        }

        var definition = new Definition(package, [], [], []);
        if (words[0] == "kind")
        {
            Kinds[(group.Length == 0 ? version : $"{group}/{version}", words[1])] = name;
            definition.Fields.AddRange(["apiVersion string : Version of the schema that the object follows.", "kind string : Kind of the object.", "metadata ObjectMeta : Name, labels and the like."]);
        }

        _types[name] = new StructuralSchema
        {
            TypeName = name,
            Type = "object",
            Description = description,
            Properties = definition.Properties,
            Required = definition.Required,
            AtomicMap = words.Contains("atomic"),
        };
        _definitions.Add(definition);
        return definition;
    }

    private static StructuralSchema Alias(string name, string alias, string description) => alias switch
    {
        "quantity" => new StructuralSchema { TypeName = name, Type = "string", Format = "quantity", Description = description },
        "int-or-string" => new StructuralSchema { TypeName = name, Type = "string", Format = "int-or-string", IntOrString = true, Description = description },
        "object" => new StructuralSchema { TypeName = name, Type = "object", PreserveUnknownFields = true, Description = description },
        _ when alias.StartsWith("string/", StringComparison.Ordinal) =>
            new StructuralSchema { TypeName = name, Type = "string", Format = alias["string/".Length..], Description = description },
        _ => throw new FormatException($"unknown alias {alias} of {name}"),
    };

    private void AddField(Definition definition, string line)
    {
        var (head, description) = SplitDescription(line);
        var words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = words[0].TrimEnd('!');
        if (words[0].EndsWith('!'))
        {
            definition.Required.Add(name);
        }

        definition.Properties[name] = Modified(Type(words[1], definition.Package), words.AsSpan(2), description);
    }

    private StructuralSchema Type(string text, string package) => text switch
    {
        ['[', .. var item, ']'] => new StructuralSchema { Type = "array", Items = Type(item, package) },
        ['{', .. var value, '}'] => new StructuralSchema { Type = "object", AdditionalProperties = Modified(Type(value, package), ["zero"], "") },
        "string" or "boolean" or "number" => new StructuralSchema { Type = text },
        "bytes" => new StructuralSchema { Type = "string", Format = "byte" },
        "int32" or "int64" => new StructuralSchema { Type = "integer", Format = text },
        "object" => new StructuralSchema { Type = "object", PreserveUnknownFields = true },
        "any" => StructuralSchema.Anything,
        _ when text.StartsWith("string/", StringComparison.Ordinal) => new StructuralSchema { Type = "string", Format = text["string/".Length..] },
        _ => Named(text, package),
    };

    private StructuralSchema Named(string name, string package)
    {
        foreach (var from in SharedPackages.Prepend(package))
        {
            if (_types.TryGetValue($"{from}.{name}", out var found))
            {
                return found;
            }
        }

        throw new FormatException($"type {name} is unknown in {package}");
    }

    private static StructuralSchema Modified(StructuralSchema type, ReadOnlySpan<string> modifiers, string description)
    {
        string? listType = null, mergeKey = null;
        var strategies = new List<string>();
        IReadOnlyList<string> keys = [];
        IReadOnlyList<JsonNode?> allowed = [];
        JsonNode? fallback = null;
        var (atomic, always, zero) = (type.AtomicMap, false, false);
        foreach (var modifier in modifiers)
        {
            var open = modifier.IndexOf('(', StringComparison.Ordinal);
            var argument = open < 0 ? "" : modifier[(open + 1)..^1];
            switch (open < 0 ? modifier : modifier[..open])
            {
                case "map":
                    (listType, keys) = ("map", argument.Split(','));
                    break;
                case "set":
                    listType = "set";
                    break;
                case "atomic":
                    atomic = true;
                    break;
                case "granular":
                    atomic = false;
                    break;
                case "always":
                    always = true;
                    break;
                case "zero":
                    zero = true;
                    break;
                case "merge":
                    strategies.Add("merge");
                    mergeKey = argument.Length == 0 ? null : argument;
                    break;
                case "retainKeys":
                    strategies.Add("retainKeys");
                    break;
                case "enum":
                    allowed = [.. argument.Split(',').Select(a => (JsonNode?)JsonValue.Create(a))];
                    break;
                case "default":
                    fallback = type.Type is "integer" or "boolean" ? JsonNode.Parse(argument) : JsonValue.Create(argument);
                    break;
                default:
                    throw new FormatException($"unknown modifier {modifier}");
            }
        }

        return new StructuralSchema
        {
            TypeName = type.TypeName,
            Type = type.Type,
            Format = type.Format,
            Description = description.Length > 0 ? description : type.TypeName is null ? type.Description : "",
            Properties = type.Properties,
            AdditionalProperties = type.AdditionalProperties,
            Items = type.Items is { } items && allowed.Count > 0 ? WithEnum(items, allowed) : type.Items,
            Required = type.Required,
            Enum = type.Type == "array" ? [] : allowed,
            Default = fallback,
            PreserveUnknownFields = type.PreserveUnknownFields,
            IntOrString = type.IntOrString,
            ListType = listType,
            ListMapKeys = keys,
            AtomicMap = atomic,
            AlwaysThere = always,
            // 0 of a number or share (maxSurge: 0) is never the same as nothing.
            ZeroCounts = zero || type.IntOrString,
            PatchMergeKey = mergeKey,
            PatchStrategy = strategies.Count == 0 ? null : string.Join(',', strategies),
        };
    }

    private static StructuralSchema WithEnum(StructuralSchema items, IReadOnlyList<JsonNode?> allowed) =>
        new() { Type = items.Type, Format = items.Format, Enum = allowed };

    private static (string Head, string Description) SplitDescription(string line)
    {
        var at = line.IndexOf(" : ", StringComparison.Ordinal);
        return at < 0 ? (line, "") : (line[..at], line[(at + 3)..]);
    }

    private sealed record Definition(
        string Package,
        List<string> Fields,
        Dictionary<string, StructuralSchema> Properties,
        List<string> Required);
}

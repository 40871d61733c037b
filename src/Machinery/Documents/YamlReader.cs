using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Godwit.Machinery;

/// <summary>Builds JSON from a stream of YAML events.</summary>
internal sealed class YamlReader(string text)
{
    /// <summary>Bounds on what small texts can grow to by nesting and by aliases of aliases.</summary>
    private const int DepthLimit = 200;
    private const int NodeLimit = 2_000_000;

    private readonly Parser _parser = new(new StringReader(text));
    private readonly Dictionary<AnchorName, JsonNode?> _anchors = [];
    private int _nodes;

    /// <summary>The end of what was read last.</summary>
    public Mark Position => _parser.Current?.End ?? Mark.Empty;

    public IEnumerable<JsonNode?> ReadDocuments()
    {
        Next<StreamStart>();
        while (!_parser.Accept<StreamEnd>(out _))
        {
            Next<DocumentStart>();
            _anchors.Clear();
            var document = Node(0);
            Next<DocumentEnd>();
            yield return document;
        }
    }

    private JsonNode? Node(int depth)
    {
        if (depth > DepthLimit)
        {
            throw Error(_parser.Current, $"nested deeper than {DepthLimit} levels");
        }

        Count(_parser.Current, 1);
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value, out var target))
            {
                throw Error(alias, $"unknown anchor '{alias.Value}'");
            }

            Count(alias, Size(target));
            return target?.DeepClone();
        }

        var start = _parser.Current as NodeEvent;
        JsonNode? node;
        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            node = YamlScalars.Resolve(scalar);
        }
        else if (_parser.TryConsume<SequenceStart>(out _))
        {
            node = Sequence(depth);
        }
        else
        {
            node = Mapping(depth);
        }

        if (start is { Anchor.IsEmpty: false })
        {
            _anchors[start.Anchor] = node?.DeepClone();
        }

        return node;
    }

    private JsonArray Sequence(int depth)
    {
        var items = new JsonArray();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node(depth + 1));
        }

        return items;
    }

    private JsonObject Mapping(int depth)
    {
        Next<MappingStart>();
        var members = new JsonObject();
        List<JsonObject>? merges = null;
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = _parser.Current!;
            if (key is Scalar { Value: "<<", Style: ScalarStyle.Plain })
            {
                _parser.MoveNext();
                (merges ??= []).AddRange(MergeSources(key, Node(depth + 1)));
                continue;
            }

            var name = Key(depth);
            if (members.ContainsKey(name))
            {
                throw Error(key, $"key \"{name}\" is already set in this mapping");
            }

            members[name] = Node(depth + 1);
        }

        // What the mapping says itself wins over what it merges in; of several merged mappings the first wins.
        foreach (var (name, value) in merges?.SelectMany(static m => m) ?? [])
        {
            if (!members.ContainsKey(name))
            {
                members[name] = value?.DeepClone();
            }
        }

        return members;
    }

    private string Key(int depth)
    {
        var start = _parser.Current;
        return Node(depth + 1) switch
        {
            null => "null",
            JsonValue value => value.TryGetValue<string>(out var key) ? key : value.ToJsonString(),
            _ => throw Error(start, "a mapping's key must be a scalar"),
        };
    }

    private static IEnumerable<JsonObject> MergeSources(ParsingEvent at, JsonNode? node) => node switch
    {
        JsonObject one => [one],
        JsonArray many when many.All(static m => m is JsonObject) => many.Select(static m => (JsonObject)m!),
        _ => throw Error(at, "only mappings can be merged by <<"),
    };

    private void Count(ParsingEvent? at, int nodes)
    {
        _nodes += nodes;
        if (_nodes > NodeLimit)
        {
            throw Error(at, $"more than {NodeLimit} values (aliases count as what they stand for)");
        }
    }

    private static int Size(JsonNode? node) => node switch
    {
        JsonObject members => 1 + members.Sum(static m => Size(m.Value)),
        JsonArray items => 1 + items.Sum(Size),
        _ => 1,
    };

    private void Next<T>()
        where T : ParsingEvent => _parser.Consume<T>();

    private static YamlSyntaxException Error(ParsingEvent? at, string message) =>
        new(at?.Start.Line ?? 1, at?.Start.Column ?? 1, message);
}

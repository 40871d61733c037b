using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Godwit.Machinery;

/// <summary>Writes JSON as YAML in block style.</summary>
internal sealed class YamlWriter
{
    private readonly Emitter _emitter;
    private readonly bool _sorted;

    private YamlWriter(TextWriter output, bool sorted)
    {
        _emitter = new Emitter(output, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024));
        _sorted = sorted;
    }

    public static string Write(IReadOnlyList<JsonNode?> documents, bool sorted)
    {
        var parts = new List<string>();
        foreach (var document in documents)
        {
            using var output = new StringWriter { NewLine = "\n" };
            var writer = new YamlWriter(output, sorted);
            writer._emitter.Emit(new StreamStart());
            writer._emitter.Emit(new DocumentStart(version: null, tags: null, isImplicit: true));
            writer.Node(document);
            writer._emitter.Emit(new DocumentEnd(isImplicit: true));
            writer._emitter.Emit(new StreamEnd());
            var text = output.ToString();
            // The emitter marks the end of a document that is a bare scalar.
            parts.Add(text.EndsWith("...\n", StringComparison.Ordinal) ? text[..^4] : text);
        }

        return string.Join("---\n", parts);
    }

    private void Node(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                var style = members.Count == 0 ? MappingStyle.Flow : MappingStyle.Block;
                _emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, style));
                foreach (var (name, value) in _sorted ? members.OrderBy(m => m.Key, StringComparer.Ordinal) : members.AsEnumerable())
                {
                    Text(name, isKey: true);
                    Node(value);
                }

                _emitter.Emit(new MappingEnd());
                break;
            case JsonArray items:
                _emitter.Emit(new SequenceStart(
                    AnchorName.Empty, TagName.Empty, isImplicit: true, items.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in items)
                {
                    Node(item);
                }

                _emitter.Emit(new SequenceEnd());
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                Text(value.GetValue<string>(), isKey: false);
                break;
            default:
                Plain(node?.ToJsonString() ?? "null");
                break;
        }
    }

    private void Text(string text, bool isKey)
    {
        if (!isKey && text.Contains('\n', StringComparison.Ordinal) && CanBeLiteral(text))
        {
            _emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.Literal, isPlainImplicit: false, isQuotedImplicit: true));
        }
        else if (YamlScalars.IsAmbiguous(text) || text.Any(char.IsControl))
        {
            _emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.DoubleQuoted, isPlainImplicit: false, isQuotedImplicit: true));
        }
        else
        {
            // The emitter quotes what cannot stand plainly where it is.
            _emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.Any, isPlainImplicit: true, isQuotedImplicit: true));
        }
    }

    private void Plain(string text) =>
        _emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.Plain, isPlainImplicit: true, isQuotedImplicit: false));

    /// <summary>Block scalars cannot hold control characters, and leading blanks or trailing blank lines are read differently by some.</summary>
    private static bool CanBeLiteral(string text) =>
        !text.Any(static c => char.IsControl(c) && c != '\n')
        && text[0] is not (' ' or '\n')
        && !text.EndsWith("\n\n", StringComparison.Ordinal)
        && !text.Contains(" \n", StringComparison.Ordinal);
}

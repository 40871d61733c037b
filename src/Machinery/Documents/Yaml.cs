using System.Text.Json.Nodes;
using YamlDotNet.Core;

namespace Godwit.Machinery;

/// <summary>
/// YAML as Kubernetes reads it: documents that stand for JSON, plain scalars by the rules of YAML 1.1 (<c>on</c> is a truth
/// value, <c>0777</c> is octal), anchors, merge keys, several documents in a stream. A repeated key is an error.
/// </summary>
public static class Yaml
{
    /// <summary>The documents of a stream; empty ones are left out.</summary>
    public static IReadOnlyList<JsonNode> ParseAll(string text)
    {
        var reader = new YamlReader(text);
        try
        {
            return [.. reader.ReadDocuments().OfType<JsonNode>()];
        }
        catch (YamlException e)
        {
            throw new YamlSyntaxException(e.End.Line, e.End.Column, e.Message, e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // The library throws these, without a place, on some broken flow collections and tags.
            throw new YamlSyntaxException(reader.Position.Line, reader.Position.Column, "after this place the text is no YAML", e);
        }
    }

    /// <summary>The objects of a stream; <c>List</c> documents count as their items. A document that is no object is an error.</summary>
    public static IReadOnlyList<JsonObject> ParseObjects(string text)
    {
        var result = new List<JsonObject>();
        foreach (var document in ParseAll(text))
        {
            if (document is not JsonObject @object)
            {
                throw new FormatException($"document {result.Count + 1} is a {document.GetValueKind()}; an object is expected");
            }

            if (@object.Text("kind") == "List" && @object["items"] is JsonArray items)
            {
                result.AddRange(items.OfType<JsonObject>().Select(static item => item.Clone()));
            }
            else
            {
                result.Add(@object);
            }
        }

        return result;
    }

    /// <summary>The only document of a text; null when it is empty.</summary>
    public static JsonNode? Parse(string text) => ParseAll(text) switch
    {
        [] => null,
        [var document] => document,
        var documents => throw new FormatException($"one document is expected, {documents.Count} were found"),
    };

    /// <summary>A document in block style, members in their order or sorted as <c>kubectl</c> does.</summary>
    public static string Write(JsonNode? document, bool sorted = false) => YamlWriter.Write([document], sorted);

    /// <summary>Several documents with separators between them.</summary>
    public static string WriteAll(IEnumerable<JsonNode?> documents, bool sorted = false) => YamlWriter.Write([.. documents], sorted);
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>One condition on one field.</summary>
public readonly record struct FieldRequirement(string Field, bool Equal, string Value);

/// <summary>Conditions on fields, such as <c>metadata.name=x,status.phase!=Running</c>.</summary>
public sealed class FieldSelector
{
    private FieldSelector(IReadOnlyList<FieldRequirement> requirements) => Requirements = requirements;

    /// <summary>Selects all.</summary>
    public static FieldSelector Everything { get; } = new([]);

    public IReadOnlyList<FieldRequirement> Requirements { get; }

    /// <summary>These fields must have these values.</summary>
    public static FieldSelector Of(params IEnumerable<(string Field, string Value)> fields) =>
        new([.. fields.Select(f => new FieldRequirement(f.Field, Equal: true, f.Value))]);

    /// <summary>Reads a query; empty selects all. Commas, equal signs and backslashes in values are escaped by backslashes.</summary>
    public static FieldSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        return new([.. SplitTerms(text).Where(term => term.Length > 0).Select(term => ParseTerm(term, text))]);
    }

    /// <summary>Whether a document meets all conditions; fields are member names joined by dots, absent ones are empty.</summary>
    public bool Matches(JsonNode? @object) => Matches(field => Field(@object, field));

    /// <summary>Whether all conditions hold for the values that the function finds; absent fields count as empty.</summary>
    public bool Matches(Func<string, string?> field)
    {
        foreach (var requirement in Requirements)
        {
            if (string.Equals(field(requirement.Field) ?? "", requirement.Value, StringComparison.Ordinal) != requirement.Equal)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The value that a field must have, if the selector asks for exactly one.</summary>
    public string? Required(string field)
    {
        foreach (var requirement in Requirements)
        {
            if (requirement.Equal && requirement.Field == field)
            {
                return requirement.Value;
            }
        }

        return null;
    }

    /// <summary>The form of queries.</summary>
    public override string ToString() =>
        string.Join(',', Requirements.Select(r => $"{r.Field}{(r.Equal ? "=" : "!=")}{Escape(r.Value)}"));

    private static string? Field(JsonNode? node, string path)
    {
        foreach (var name in path.Split('.'))
        {
            node = (node as JsonObject)?[name];
        }

        return node switch
        {
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            JsonValue value => value.ToJsonString(),
            _ => null,
        };
    }

    private static IEnumerable<string> SplitTerms(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == ',')
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static FieldRequirement ParseTerm(string term, string text)
    {
        for (var i = 0; i < term.Length; i++)
        {
            if (term[i] == '\\')
            {
                i++;
            }
            else if (term.AsSpan(i).StartsWith("!="))
            {
                return new(term[..i].Trim(), Equal: false, Unescape(term[(i + 2)..], text));
            }
            else if (term.AsSpan(i).StartsWith("=="))
            {
                return new(term[..i].Trim(), Equal: true, Unescape(term[(i + 2)..], text));
            }
            else if (term[i] == '=')
            {
                return new(term[..i].Trim(), Equal: true, Unescape(term[(i + 1)..], text));
            }
        }

        throw new SelectorException($"invalid selector: '{text}'; can't understand '{term}'");
    }

    private static string Unescape(string value, string text)
    {
        var result = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] is ',' or '=')
            {
                throw new SelectorException($"invalid field selector '{text}': unescaped '{value[i]}' in the value '{value}'");
            }

            if (value[i] == '\\' && (++i == value.Length || value[i] is not ('\\' or ',' or '=')))
            {
                throw new SelectorException($"invalid field selector '{text}': a backslash escapes only '\\', ',' and '='");
            }

            result.Append(value[i]);
        }

        return result.ToString();
    }

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace(",", "\\,", StringComparison.Ordinal)
        .Replace("=", "\\=", StringComparison.Ordinal);
}

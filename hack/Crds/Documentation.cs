using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Godwit.Types;

namespace Godwit.Crds;

/// <summary>Summaries of the API types, for <c>kubectl explain</c>.</summary>
internal static partial class Documentation
{
    private static readonly Dictionary<string, string> Summaries = Read();

    public static string? Of(Type type) => Summaries.GetValueOrDefault($"T:{type.FullName}");

    /// <summary>The property's own words; for the API's own fields those that Kubernetes users know.</summary>
    public static string? Of(JsonPropertyInfo property) => property.Name switch
    {
        "apiVersion" when property.DeclaringType == typeof(ApiObject) =>
            "The version of the schema that this object is written in.",
        "kind" when property.DeclaringType == typeof(ApiObject) => "What this object is.",
        _ when property.AttributeProvider is MemberInfo member =>
            Summaries.GetValueOrDefault($"P:{member.DeclaringType!.FullName}.{member.Name}"),
        _ => null,
    };

    private static Dictionary<string, string> Read()
    {
        var file = Path.ChangeExtension(typeof(TypesJson).Assembly.Location, ".xml");
        return XDocument.Load(file).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => Text(member.Element("summary")!));
    }

    private static string Text(XElement summary)
    {
        foreach (var reference in summary.Descendants("see").ToList())
        {
            var target = reference.Attribute("cref")?.Value ?? "";
            var name = target[(target.LastIndexOf('.') + 1)..];
            reference.ReplaceWith(char.ToLowerInvariant(name[0]) + name[1..]);
        }

        return Spaces().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Spaces();
}

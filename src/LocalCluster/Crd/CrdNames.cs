using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>Which of the names that a definition asks for it gets: the first definition of a group that takes a name keeps it.</summary>
internal static class CrdNames
{
    public const string NamesAccepted = "NamesAccepted";
    public const string Established = "Established";
    public const string Terminating = "Terminating";

    /// <summary>Sets status.acceptedNames and the conditions, in place, from the definitions of the same group.</summary>
    public static void Accept(JsonObject definition, IEnumerable<JsonObject> others, DateTimeOffset now)
    {
        var wanted = (JsonObject)definition["spec"]!["names"]!;
        var status = definition.Ensure("status");
        var accepted = status["acceptedNames"] as JsonObject ?? new JsonObject { ["kind"] = "", ["plural"] = "" };
        var taken = others.Select(o => o.At("status", "acceptedNames")).OfType<JsonObject>().ToList();
        var resources = taken.SelectMany(ResourceNames).ToHashSet(StringComparer.Ordinal);
        var kinds = taken.SelectMany(t => new[] { t.Text("kind"), t.Text("listKind") }).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var result = new JsonObject();
        (string Reason, string Message)? conflict = null;

        void Decide(string field, string reason, HashSet<string> used)
        {
            var name = wanted.Text(field) ?? "";
            if (name.Length > 0 && used.Contains(name))
            {
                conflict ??= (reason, $"\"{name}\" is already in use");
                name = accepted.Text(field) ?? "";
            }

            if (name.Length > 0)
            {
                result[field] = name;
            }
        }

        Decide("plural", "PluralConflict", resources);
        Decide("singular", "SingularConflict", resources);
        var shortNames = Texts(wanted["shortNames"]);
        if (shortNames.FirstOrDefault(resources.Contains) is { } used)
        {
            conflict ??= ("ShortNamesConflict", $"\"{used}\" is already in use");
            shortNames = Texts(accepted["shortNames"]);
        }

        if (shortNames.Count > 0)
        {
            result["shortNames"] = new JsonArray([.. shortNames.Select(s => (JsonNode?)s)]);
        }

        Decide("kind", "KindConflict", kinds);
        Decide("listKind", "ListKindConflict", kinds);
        if (Texts(wanted["categories"]) is { Count: > 0 } categories)
        {
            result["categories"] = new JsonArray([.. categories.Select(c => (JsonNode?)c)]);
        }

        status["acceptedNames"] = result;
        if (conflict is { } found)
        {
            CrdConditions.Set(status, NamesAccepted, "False", found.Reason, found.Message, now);
            if (!CrdConditions.IsTrue(definition, Established))
            {
                CrdConditions.Set(status, Established, "False", "NotAccepted", "not all names are accepted", now);
            }
        }
        else
        {
            CrdConditions.Set(status, NamesAccepted, "True", "NoConflicts", "no conflicts found", now);
            CrdConditions.Set(status, Established, "True", "InitialNamesAccepted", "the initial names have been accepted", now);
        }
    }

    private static IEnumerable<string> ResourceNames(JsonObject names) =>
        Texts(names["shortNames"]).Append(names.Text("plural")).Append(names.Text("singular")).OfType<string>();

    public static List<string> Texts(JsonNode? node) =>
        (node as JsonArray)?.Select(n => n.Text()).OfType<string>().ToList() ?? [];
}

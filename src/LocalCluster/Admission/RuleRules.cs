using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>What is wrong with the rules that say which requests are meant, when they are written.</summary>
internal static class RuleRules
{
    private static readonly string[] Operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
    private static readonly string[] Scopes = ["*", "Cluster", "Namespaced"];
    private static readonly PathNameStrategy Names = new();

    public static IEnumerable<FieldError> Check(JsonNode? rules, string path) =>
        (rules as JsonArray ?? []).OfType<JsonObject>().SelectMany((rule, i) => Rule(rule, $"{path}[{i}]"));

    private static IEnumerable<FieldError> Rule(JsonObject rule, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, i) in Texts(rule, "resourceNames").Select((n, i) => (n, i)))
        {
            foreach (var problem in MetadataRules.NameProblems(Names, name))
            {
                yield return FieldError.Invalid($"{path}.resourceNames[{i}]", $"\"{name}\"", problem);
            }

            if (!names.Add(name))
            {
                yield return FieldError.Duplicate($"{path}.resourceNames[{i}]", $"\"{name}\"");
            }
        }

        foreach (var error in Words(rule, path, "operations", "operations"))
        {
            yield return error;
        }

        foreach (var (operation, i) in Texts(rule, "operations").Select((o, i) => (o, i)).Where(o => !Operations.Contains(o.o)))
        {
            yield return FieldError.NotSupported($"{path}.operations[{i}]", $"\"{operation}\"", Operations);
        }

        foreach (var error in Words(rule, path, "apiGroups", "API groups").Concat(Words(rule, path, "apiVersions", "API versions")).Concat(Resources(rule, path)))
        {
            yield return error;
        }

        if (rule.Text("scope") is { } scope && !Scopes.Contains(scope))
        {
            yield return FieldError.NotSupported($"{path}.scope", $"\"{scope}\"", Scopes);
        }
    }

    private static IEnumerable<FieldError> Words(JsonObject rule, string path, string field, string what)
    {
        var words = Texts(rule, field);
        if (words.Count == 0)
        {
            yield return FieldError.Required($"{path}.{field}");
        }
        else if (words.Count > 1 && words.Contains("*"))
        {
            yield return FieldError.Invalid($"{path}.{field}", JsonKinds.Show(rule[field]), $"if '*' is present, must not specify other {what}");
        }
    }

    private static IEnumerable<FieldError> Resources(JsonObject rule, string path)
    {
        var resources = Texts(rule, "resources");
        if (resources.Count == 0)
        {
            yield return FieldError.Required($"{path}.resources");
        }

        if (resources.Count > 1 && resources.Contains("*/*"))
        {
            yield return FieldError.Invalid($"{path}.resources", JsonKinds.Show(rule["resources"]), "if '*/*' is present, must not specify other resources");
        }

        if (resources.Contains("*") && resources.Any(r => r != "*" && !r.Contains('/', StringComparison.Ordinal)))
        {
            yield return FieldError.Invalid($"{path}.resources", JsonKinds.Show(rule["resources"]), "if '*' is present, must not specify other resources without subresources");
        }
    }

    private static List<string> Texts(JsonObject rule, string field) => (rule[field] as JsonArray)?.Select(n => n.Text()).OfType<string>().ToList() ?? [];
}

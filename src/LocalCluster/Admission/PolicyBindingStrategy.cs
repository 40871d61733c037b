using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Refuses bindings that could not be carried out.</summary>
public sealed class PolicyBindingStrategy : ResourceStrategy
{
    private const string Exclusive = "name and selector are mutually exclusive";

    private static readonly string[] Actions = ["Audit", "Deny", "Warn"];
    private static readonly string[] WithoutParam = ["Deny", "Allow"];

    public override bool CountsGeneration => true;

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        var policy = spec.Text("policyName") ?? "";
        return
        [
            .. policy.Length == 0
                ? [FieldError.Required("spec.policyName")]
                : MetadataRules.NameProblems(Default, policy).Select(p => FieldError.Invalid("spec.policyName", $"\"{policy}\"", p)),
            .. spec["paramRef"] is { } reference ? Param(reference, "spec.paramRef") : [],
            // Spelled as a real server spells it.
            .. spec["matchResources"] is { } resources ? MatchRules.Check(resources, "spec.matchResouces") : [],
            .. Effects(spec["validationActions"], "spec.validationActions"),
        ];
    }

    private static IEnumerable<FieldError> Param(JsonNode reference, string path)
    {
        var name = reference.Text("name") ?? "";
        var selector = reference["selector"];
        if (name.Length > 0 && selector is not null)
        {
            yield return FieldError.Forbidden($"{path}.name", Exclusive);
        }

        foreach (var error in SelectorRules.Check(selector, $"{path}.selector"))
        {
            yield return error;
        }

        if (name.Length > 0 && selector is not null)
        {
            yield return FieldError.Forbidden($"{path}.selector", Exclusive);
        }

        if (name.Length == 0 && selector is null)
        {
            yield return FieldError.Required(path, "one of name or selector must be specified");
        }

        switch (reference.Text("parameterNotFoundAction"))
        {
            case null or "":
                yield return FieldError.Required($"{path}.parameterNotFoundAction");
                break;
            case { } action when !WithoutParam.Contains(action):
                yield return FieldError.NotSupported($"{path}.parameterNotFoundAction", $"\"{action}\"", WithoutParam);
                break;
        }
    }

    private static IEnumerable<FieldError> Effects(JsonNode? node, string path)
    {
        var actions = (node as JsonArray ?? []).Select(a => a.Text() ?? "").ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (action, i) in actions.Select((a, i) => (a, i)))
        {
            if (!Actions.Contains(action))
            {
                yield return FieldError.NotSupported($"{path}[{i}]", $"\"{action}\"", Actions);
            }

            if (!seen.Add(action))
            {
                yield return FieldError.Duplicate($"{path}[{i}]", $"\"{action}\"");
            }
        }

        if (seen.Contains("Deny") && seen.Contains("Warn"))
        {
            yield return FieldError.Invalid(path, JsonKinds.Show(node), "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
        }

        if (actions.Count == 0)
        {
            yield return FieldError.Required(path, "at least one validation action is required");
        }
    }
}

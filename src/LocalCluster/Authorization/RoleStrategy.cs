using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Roles and cluster roles.</summary>
internal sealed class RoleStrategy(Authorizer authorizer) : ResourceStrategy
{
    public override bool AllowsPathSegmentNames => true;

    public override void CheckRights(WriteContext context, JsonObject obj, JsonObject? old) => Escalation.CheckRole(authorizer.Current, context, obj, old);

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        foreach (var (rule, i) in (obj["rules"] as JsonArray ?? []).OfType<JsonObject>().Select(static (r, i) => (r, i)))
        {
            foreach (var error in Check(rule, $"rules[{i}]", context.Resource.Namespaced))
            {
                yield return error;
            }
        }

        if (obj["aggregationRule"] is not JsonObject aggregation)
        {
            yield break;
        }

        const string Selectors = "aggregationRule.clusterRoleSelectors";
        if (Count(aggregation, "clusterRoleSelectors") == 0)
        {
            yield return FieldError.Required(Selectors, "at least one clusterRoleSelector required if aggregationRule is non-nil");
        }

        foreach (var (selector, i) in (aggregation["clusterRoleSelectors"] as JsonArray ?? []).Select(static (s, i) => (s, i)))
        {
            foreach (var error in SelectorRules.Check(selector, $"{Selectors}[{i}]"))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<FieldError> Check(JsonObject rule, string path, bool namespaced)
    {
        if (Count(rule, "verbs") == 0)
        {
            yield return FieldError.Required($"{path}.verbs", "verbs must contain at least one value");
        }

        if (Count(rule, "nonResourceURLs") > 0)
        {
            if (namespaced)
            {
                yield return FieldError.Invalid($"{path}.nonResourceURLs", JsonKinds.Show(rule["nonResourceURLs"]), "namespaced rules cannot apply to non-resource URLs");
            }

            if (Count(rule, "apiGroups") + Count(rule, "resources") + Count(rule, "resourceNames") > 0)
            {
                yield return FieldError.Invalid(
                    $"{path}.nonResourceURLs", JsonKinds.Show(rule["nonResourceURLs"]), "rules cannot apply to both regular resources and non-resource URLs");
            }

            yield break;
        }

        if (Count(rule, "apiGroups") == 0)
        {
            yield return FieldError.Required($"{path}.apiGroups", "resource rules must supply at least one api group");
        }

        if (Count(rule, "resources") == 0)
        {
            yield return FieldError.Required($"{path}.resources", "resource rules must supply at least one resource");
        }
    }

    private static int Count(JsonNode? owner, string list) => (owner.At(list) as JsonArray)?.Count ?? 0;
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Nobody gives away by a role or a binding what they do not have, unless they may <c>escalate</c> or <c>bind</c>.</summary>
internal static class Escalation
{
    private static readonly PolicyRule[] Everything =
    [
        new() { Verbs = ["*"], ApiGroups = ["*"], Resources = ["*"] },
        new() { Verbs = ["*"], NonResourceUrls = ["*"] },
    ];

    /// <summary>Throws unless the user may write these rules into a role.</summary>
    public static void CheckRole(RolePolicy policy, WriteContext context, JsonObject role, JsonObject? old)
    {
        var user = context.User;
        if (RolePolicy.IsMaster(user) || (old is not null && IsSameBut(role, old)) || policy.Decide(user, Wanted(context, "escalate", context.Resource.Plural, context.Name)).Allowed)
        {
            return;
        }

        Confirm(policy, context, PolicyRule.ReadAll(role["rules"]));
        if ((role["aggregationRule"] ?? old?["aggregationRule"]) is not null && RuleCoverage.Missing(policy.RulesOf(user, ""), Everything).Count > 0)
        {
            throw ApiErrors.Forbidden(Authorizer.Group, context.Resource.Plural, context.Name, "must have cluster-admin privileges to use an aggregationRule");
        }
    }

    /// <summary>Throws unless the user may give this role to anybody.</summary>
    public static void CheckBinding(RolePolicy policy, WriteContext context, JsonObject binding, JsonObject? old)
    {
        var role = RoleBinding.Read(binding).Role;
        var plural = role.Kind == RoleReference.Role ? "roles" : "clusterroles";
        if (RolePolicy.IsMaster(context.User) || (old is not null && IsSameBut(binding, old)) || policy.Decide(context.User, Wanted(context, "bind", plural, role.Name)).Allowed)
        {
            return;
        }

        Confirm(policy, context, policy.Rules(role, context.Namespace) ?? throw ApiErrors.NotFound(Authorizer.Group, plural, role.Name));
    }

    /// <summary>What a message says of rules that somebody may not give; null when they hold all.</summary>
    public static string? Explain(UserInfo user, IReadOnlyList<PolicyRule> held, IReadOnlyList<PolicyRule> given)
    {
        var missing = RuleCoverage.Compact(RuleCoverage.Missing(held, given));
        if (missing.Count == 0)
        {
            return null;
        }

        var lines = missing.Select(RuleCoverage.Describe).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return $"user {RuleCoverage.Quoted(user.Name)} (groups={RuleCoverage.Quoted(user.Groups)}) is attempting to grant RBAC permissions not currently held:\n{string.Join('\n', lines)}";
    }

    private static void Confirm(RolePolicy policy, WriteContext context, IReadOnlyList<PolicyRule> given)
    {
        if (Explain(context.User, policy.RulesOf(context.User, context.Namespace), given) is { } problem)
        {
            throw ApiErrors.Forbidden(Authorizer.Group, context.Resource.Plural, context.Name, problem);
        }
    }

    private static AccessAttributes Wanted(WriteContext context, string verb, string plural, string name) =>
        new() { Verb = verb, Group = Authorizer.Group, Resource = plural, Namespace = context.Namespace, Name = name };

    /// <summary>Garbage collection and those who release an object change nothing that gives rights.</summary>
    private static bool IsSameBut(JsonObject written, JsonObject old)
    {
        return JsonNode.DeepEquals(Without(written), Without(old));

        static JsonObject Without(JsonObject obj)
        {
            var copy = obj.Clone();
            foreach (var name in (string[])["finalizers", "ownerReferences", "managedFields", "resourceVersion"])
            {
                ((JsonObject)copy["metadata"]!).Remove(name);
            }

            return copy;
        }
    }
}

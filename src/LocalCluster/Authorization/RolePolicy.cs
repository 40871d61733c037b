using Godwit.LocalCluster.ApiServer.Admission;

namespace Godwit.LocalCluster.Authorization;

/// <summary>
/// Who may do what, by all roles and bindings of one moment. Grants are found by subject, so that a request looks at its user's
/// own ones only, however many there are.
/// </summary>
public sealed class RolePolicy
{
    /// <summary>Members may do everything, whatever the bindings say: somebody must be able to mend them.</summary>
    public const string Masters = "system:masters";

    private readonly IReadOnlyDictionary<RoleReference, IReadOnlyList<PolicyRule>> _clusterRoles;
    private readonly IReadOnlyDictionary<(string Namespace, string Name), IReadOnlyList<PolicyRule>> _roles;
    private readonly Dictionary<(string Namespace, bool Group, string Principal), List<Grant>> _grants = [];

    private RolePolicy(
        IReadOnlyDictionary<RoleReference, IReadOnlyList<PolicyRule>> clusterRoles,
        IReadOnlyDictionary<(string Namespace, string Name), IReadOnlyList<PolicyRule>> roles)
    {
        _clusterRoles = clusterRoles;
        _roles = roles;
    }

    /// <summary>Roles by name, cluster roles without a namespace; bindings in their order.</summary>
    public static RolePolicy Of(IEnumerable<(string Namespace, string Name, IReadOnlyList<PolicyRule> Rules)> roles, IEnumerable<RoleBinding> bindings)
    {
        var clusterRoles = new Dictionary<RoleReference, IReadOnlyList<PolicyRule>>();
        var own = new Dictionary<(string, string), IReadOnlyList<PolicyRule>>();
        foreach (var (ns, name, rules) in roles)
        {
            if (ns.Length == 0)
            {
                clusterRoles[new RoleReference(RoleReference.ClusterRole, name)] = rules;
            }
            else
            {
                own[(ns, name)] = rules;
            }
        }

        var policy = new RolePolicy(clusterRoles, own);
        var order = 0;
        foreach (var binding in bindings)
        {
            var rules = policy.Rules(binding.Role, binding.Namespace);
            foreach (var subject in binding.Subjects)
            {
                policy.Add(new Grant(order++, binding, subject, rules));
            }
        }

        return policy;
    }

    /// <summary>The rules of a role as a binding of a namespace names it; null when there is none.</summary>
    public IReadOnlyList<PolicyRule>? Rules(RoleReference role, string ns) => role.Kind == RoleReference.Role
        ? _roles.GetValueOrDefault((ns, role.Name))
        : _clusterRoles.GetValueOrDefault(role);

    /// <summary>Whether this user may do this.</summary>
    public AccessDecision Decide(UserInfo user, AccessAttributes wanted)
    {
        if (IsMaster(user))
        {
            return new AccessDecision(true, "");
        }

        var found = Find(user, "", wanted) ?? (wanted.Namespace.Length > 0 ? Find(user, wanted.Namespace, wanted) : null);
        return found is not null
            ? new AccessDecision(true, found.Binding.Explain(found.Subject))
            : new AccessDecision(false, Problems(user, wanted.Namespace));
    }

    /// <summary>All rules that a user has in a namespace, those of the whole cluster first. Masters are told what bindings give them, as everybody.</summary>
    public IReadOnlyList<PolicyRule> RulesOf(UserInfo user, string ns) => [.. GrantsOf(user, ns).SelectMany(static g => g.Rules ?? [])];

    public static bool IsMaster(UserInfo user) => user.Groups.Contains(Masters);

    private void Add(Grant grant)
    {
        var key = (grant.Binding.Namespace, grant.Subject.Kind == RoleSubject.Group, grant.Subject.Principal);
        if (!_grants.TryGetValue(key, out var list))
        {
            _grants[key] = list = [];
        }

        list.Add(grant);
    }

    private Grant? Find(UserInfo user, string ns, AccessAttributes wanted)
    {
        var first = First(ns, false, user.Name, wanted, null);
        foreach (var group in user.Groups)
        {
            first = First(ns, true, group, wanted, first);
        }

        return first;
    }

    private Grant? First(string ns, bool group, string principal, AccessAttributes wanted, Grant? best)
    {
        if (!_grants.TryGetValue((ns, group, principal), out var grants))
        {
            return best;
        }

        foreach (var grant in grants)
        {
            if (best is not null && grant.Order > best.Order)
            {
                return best;
            }

            if (grant.Allows(wanted))
            {
                return grant;
            }
        }

        return best;
    }

    /// <summary>One for each binding, in order: who is meant twice gets it once.</summary>
    private IEnumerable<Grant> GrantsOf(UserInfo user, string ns)
    {
        var places = ns.Length == 0 ? (string[])[""] : ["", ns];
        return places.SelectMany(place => user.Groups.Distinct(StringComparer.Ordinal).Select(g => (place, true, g)).Prepend((place, false, user.Name))
            .SelectMany(key => _grants.GetValueOrDefault(key) ?? [])
            .OrderBy(static g => g.Order)
            .DistinctBy(static g => g.Binding));
    }

    private string Problems(UserInfo user, string ns)
    {
        var problems = GrantsOf(user, ns).Where(static g => g.Rules is null)
            .Select(static g => $"{g.Binding.Role.Kind.ToLowerInvariant()}.rbac.authorization.k8s.io {RuleCoverage.Quoted(g.Binding.Role.Name)} not found")
            .Distinct(StringComparer.Ordinal).ToList();
        return problems.Count switch
        {
            0 => "",
            1 => "RBAC: " + problems[0],
            _ => $"RBAC: [{string.Join(", ", problems)}]",
        };
    }
}

using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Decides by the roles and bindings in the store, which are read again only when one of them changed.</summary>
public sealed class Authorizer(ObjectStore store)
{
    public const string Group = "rbac.authorization.k8s.io";
    public const string ClusterRoles = $"clusterroles.{Group}";
    public const string Roles = $"roles.{Group}";
    public const string ClusterRoleBindings = $"clusterrolebindings.{Group}";
    public const string RoleBindings = $"rolebindings.{Group}";

    private readonly Lock _gate = new();
    private volatile Cached _cached = new(-1, RolePolicy.Of([], []), new Dictionary<StoreKey, (long, IReadOnlyList<PolicyRule>)>(), new Dictionary<StoreKey, (long, RoleBinding)>());

    /// <summary>The policy as of now.</summary>
    public RolePolicy Current
    {
        get
        {
            var cached = _cached;
            if (cached.Change >= LastChange(store.Snapshot))
            {
                return cached.Policy;
            }

            lock (_gate)
            {
                var state = store.Snapshot;
                if (_cached.Change < LastChange(state))
                {
                    _cached = Read(state, _cached);
                }

                return _cached.Policy;
            }
        }
    }

    /// <inheritdoc cref="RolePolicy.Decide"/>
    public AccessDecision Decide(UserInfo user, AccessAttributes wanted) => Current.Decide(user, wanted);

    private static long LastChange(StoreSnapshot state) => Math.Max(
        Math.Max(state.LastChange(ClusterRoles), state.LastChange(Roles)), Math.Max(state.LastChange(ClusterRoleBindings), state.LastChange(RoleBindings)));

    private static Cached Read(StoreSnapshot state, Cached before)
    {
        var roles = new Dictionary<StoreKey, (long Revision, IReadOnlyList<PolicyRule> Rules)>();
        foreach (var stored in state.List(ClusterRoles).Concat(state.List(Roles)))
        {
            roles[stored.Key] = before.Roles.TryGetValue(stored.Key, out var known) && known.Revision == stored.Revision
                ? known
                : (stored.Revision, PolicyRule.ReadAll(stored.ToJsonObject()["rules"]));
        }

        var bindings = new Dictionary<StoreKey, (long Revision, RoleBinding Binding)>();
        foreach (var stored in state.List(ClusterRoleBindings).Concat(state.List(RoleBindings)))
        {
            bindings[stored.Key] = before.Bindings.TryGetValue(stored.Key, out var known) && known.Revision == stored.Revision
                ? known
                : (stored.Revision, RoleBinding.Read(stored.ToJsonObject()));
        }

        var policy = RolePolicy.Of(roles.Select(static r => (r.Key.Namespace, r.Key.Name, r.Value.Rules)), bindings.Values.Select(static b => b.Binding));
        return new Cached(LastChange(state), policy, roles, bindings);
    }

    /// <summary>The policy of a revision, and what was read for it, so that the next reading is of changed objects only.</summary>
    private sealed record Cached(
        long Change,
        RolePolicy Policy,
        IReadOnlyDictionary<StoreKey, (long Revision, IReadOnlyList<PolicyRule> Rules)> Roles,
        IReadOnlyDictionary<StoreKey, (long Revision, RoleBinding Binding)> Bindings);
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Admission;

/// <summary>Finds the objects that a binding hands to its policy.</summary>
internal static class PolicyParams
{
    /// <summary>For each of them the policy is applied once; one that is null when it takes none.</summary>
    /// <exception cref="FormatException">It cannot be told which, or there are none and that is to be refused.</exception>
    public static IReadOnlyList<JsonObject?> Find(AdmissionPolicy policy, PolicyBinding binding, string ns, ResourceRegistry registry, StoreSnapshot state)
    {
        if (policy.ParamKind is not { } kind || binding.Params is not { } wanted)
        {
            return [null];
        }

        var slash = kind.ApiVersion.IndexOf('/', StringComparison.Ordinal);
        var resource = registry.FindKind(slash < 0 ? "" : kind.ApiVersion[..slash], kind.Kind);
        if (resource?.Version(kind.ApiVersion[(slash + 1)..]) is null)
        {
            throw new FormatException($"paramKind kind `{kind.ApiVersion}, Kind={kind.Kind}` not known");
        }

        if (!resource.Namespaced && wanted.Namespace.Length > 0)
        {
            throw new FormatException("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
        }

        var place = !resource.Namespaced ? "" : wanted.Namespace.Length > 0 ? wanted.Namespace : ns;
        if (resource.Namespaced && place.Length == 0)
        {
            throw new FormatException("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
        }

        List<JsonObject?> found = wanted.Selector is null
            ? state.Get(new StoreKey(resource.StoreName, place, wanted.Name)) is { } one ? [Shown(one, kind.ApiVersion)] : []
            : [.. state.List(resource.StoreName, place).Where(o => wanted.Selector.Matches(o.Labels)).Select(o => Shown(o, kind.ApiVersion))];
        return found.Count > 0 || !wanted.DeniesWithout
            ? found
            : throw new FormatException("no params found for policy binding with `Deny` parameterNotFoundAction");
    }

    private static JsonObject Shown(StoredObject stored, string apiVersion)
    {
        var obj = stored.ToJsonObject();
        obj["apiVersion"] = apiVersion;
        return obj;
    }
}

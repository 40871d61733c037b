using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Decides whether a hook is asked about a request, and in which version of the resource.</summary>
internal static class WebhookMatcher
{
    /// <summary>The version in which the hook wants to see the object; null when it is not concerned.</summary>
    public static ResourceVersionInfo? Match(Webhook hook, AdmissionRequest request, StoreSnapshot state)
    {
        var operation = Operation(request.Operation);
        var rules = hook.Rules
            .Where(r => r.Matches(operation, request.Resource.Group, request.Resource.Plural, request.Subresource, request.Resource.Namespaced))
            .ToList();
        if (rules.Count == 0 || !NamespaceMatches(hook, request, state) || !ObjectMatches(hook, request))
        {
            return null;
        }

        if (rules.Any(r => r.MatchesVersion(request.Version.Name)))
        {
            return request.Version;
        }

        return hook.MatchesEquivalent && request.Subresource is null or "status"
            ? request.Resource.Versions.FirstOrDefault(v => v.Served && rules.Any(r => r.MatchesVersion(v.Name)))
            : null;
    }

    public static string Operation(AdmissionOperation operation) => operation.ToString().ToUpperInvariant();

    private static bool NamespaceMatches(Webhook hook, AdmissionRequest request, StoreSnapshot state)
    {
        if (request.Resource is { Group: "", Plural: "namespaces" })
        {
            return hook.NamespaceSelector.Matches((request.Object ?? request.OldObject).Labels());
        }

        if (!request.Resource.Namespaced)
        {
            return true;
        }

        return hook.NamespaceSelector.Matches(state.Get(new StoreKey("namespaces", "", request.Namespace))?.Labels ?? NoLabels);
    }

    private static bool ObjectMatches(Webhook hook, AdmissionRequest request) =>
        hook.ObjectSelector.Requirements.Count == 0 && hook.ObjectSelector.Matches(NoLabels)
        || Selects(hook.ObjectSelector, request.Object)
        || Selects(hook.ObjectSelector, request.OldObject);

    private static bool Selects(LabelSelector selector, JsonObject? obj) => obj is not null && selector.Matches(obj.Labels());

    private static readonly Dictionary<string, string> NoLabels = [];
}

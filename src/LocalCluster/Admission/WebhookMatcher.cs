using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Decides whether a hook or a policy is concerned by a request, and in which version of the resource.</summary>
internal static class WebhookMatcher
{
    /// <summary>The version in which the object is to be seen; null when the request is not meant.</summary>
    public static ResourceVersionInfo? Match(MatchedRequests matched, AdmissionRequest request, StoreSnapshot state) =>
        Selects(matched, request, state) && Version(matched.Rules, matched.MatchesEquivalent, request) is { } version
            && Version(matched.Excluded, matched.MatchesEquivalent, request) is null
            ? version
            : null;

    /// <summary>Whether a binding, which only narrows what its policy is about, lets a request through: without rules it narrows by its selectors.</summary>
    public static bool Narrows(MatchedRequests matched, AdmissionRequest request, StoreSnapshot state) =>
        Selects(matched, request, state)
        && Version(matched.Excluded, matched.MatchesEquivalent, request) is null
        && (matched.Rules.Count == 0 || Version(matched.Rules, matched.MatchesEquivalent, request) is not null);

    public static string Operation(AdmissionOperation operation) => operation.ToString().ToUpperInvariant();

    private static ResourceVersionInfo? Version(IReadOnlyList<WebhookRule> rules, bool equivalent, AdmissionRequest request)
    {
        var operation = Operation(request.Operation);
        var meant = rules
            .Where(r => r.Matches(operation, request.Resource.Group, request.Resource.Plural, request.Subresource, request.Resource.Namespaced)
                && r.MatchesName(request.Name))
            .ToList();
        if (meant.Count == 0)
        {
            return null;
        }

        if (meant.Any(r => r.MatchesVersion(request.Version.Name)))
        {
            return request.Version;
        }

        return equivalent && request.Subresource is null or "status"
            ? request.Resource.Versions.FirstOrDefault(v => v.Served && meant.Any(r => r.MatchesVersion(v.Name)))
            : null;
    }

    private static bool Selects(MatchedRequests matched, AdmissionRequest request, StoreSnapshot state) =>
        NamespaceMatches(matched.NamespaceSelector, request, state) && ObjectMatches(matched.ObjectSelector, request);

    private static bool NamespaceMatches(LabelSelector selector, AdmissionRequest request, StoreSnapshot state)
    {
        if (request.Resource is { Group: "", Plural: "namespaces" })
        {
            return selector.Matches((request.Object ?? request.OldObject).Labels());
        }

        if (!request.Resource.Namespaced)
        {
            return true;
        }

        return selector.Matches(state.Get(new StoreKey("namespaces", "", request.Namespace))?.Labels ?? NoLabels);
    }

    private static bool ObjectMatches(LabelSelector selector, AdmissionRequest request) =>
        selector.Requirements.Count == 0 && selector.Matches(NoLabels)
        || Selects(selector, request.Object)
        || Selects(selector, request.OldObject);

    private static bool Selects(LabelSelector selector, JsonObject? obj) => obj is not null && selector.Matches(obj.Labels());

    private static readonly Dictionary<string, string> NoLabels = [];
}

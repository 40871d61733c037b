using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Says no in the words of Kubernetes.</summary>
public static class AccessRefusal
{
    public static StatusException Of(UserInfo user, AccessAttributes wanted, string reason)
    {
        var text = Escape(Sentence(user, wanted)) + (reason.Length > 0 ? ": " + reason : "");
        return wanted.Path is null
            ? ApiErrors.Forbidden(wanted.Group, wanted.Resource, wanted.Name, text)
            : new StatusException(403, "Forbidden", "forbidden: " + text, new JsonObject());
    }

    private static string Sentence(UserInfo user, AccessAttributes wanted)
    {
        if (wanted.Path is { } path)
        {
            return $"User {RuleCoverage.Quoted(user.Name)} cannot {wanted.Verb} path {RuleCoverage.Quoted(path)}";
        }

        var place = wanted.Namespace.Length > 0 ? $"in the namespace {RuleCoverage.Quoted(wanted.Namespace)}" : "at the cluster scope";
        return $"User {RuleCoverage.Quoted(user.Name)} cannot {wanted.Verb} resource {RuleCoverage.Quoted(wanted.FullResource)} in API group {RuleCoverage.Quoted(wanted.Group)} {place}";
    }

    /// <summary>What a stranger wrote into a path must not become markup in somebody's browser.</summary>
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}

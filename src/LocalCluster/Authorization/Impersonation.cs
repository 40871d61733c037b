using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Who may act as somebody else does so by headers; what they ask for is then decided for that other one.</summary>
internal sealed class Impersonation(Authorizer authorizer)
{
    public const string AuthenticatedGroup = "system:authenticated";
    public const string UnauthenticatedGroup = "system:unauthenticated";
    public const string AnonymousUser = "system:anonymous";

    private const string Prefix = "Impersonate-";
    private const string UserHeader = Prefix + "User";
    private const string GroupHeader = Prefix + "Group";
    private const string UidHeader = Prefix + "Uid";
    private const string ExtraPrefix = Prefix + "Extra-";
    private const string AuthenticationGroup = "authentication.k8s.io";
    private const string AccountPrefix = "system:serviceaccount:";

    /// <summary>The user that the request is made as: the caller, or who the caller may and wants to be. The headers are taken out, so that nobody behind us believes them again.</summary>
    public UserInfo Apply(HttpContext http, UserInfo caller)
    {
        var headers = http.Request.Headers;
        if (!headers.Keys.Any(static k => k.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)))
        {
            return caller;
        }

        var name = headers[UserHeader].ToString();
        var groups = headers[GroupHeader].OfType<string>().Where(static g => g.Length > 0).ToList();
        var uid = headers[UidHeader].ToString();
        var extra = Extra(headers);
        if (name.Length == 0)
        {
            throw ApiErrors.Internal("requested " + string.Join(", ", Wanted(groups, uid, extra)) + " without impersonating a user");
        }

        foreach (var wanted in Checks(name, groups, uid, extra))
        {
            var decision = authorizer.Decide(caller, wanted);
            if (!decision.Allowed)
            {
                throw AccessRefusal.Of(caller, wanted, decision.Reason);
            }
        }

        foreach (var header in headers.Keys.Where(static k => k.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            headers.Remove(header);
        }

        return new UserInfo(name, Groups(name, groups), uid) { Extra = extra };
    }

    /// <summary>The account of a name such as <c>system:serviceaccount:NS:NAME</c>; null for other names.</summary>
    public static (string Namespace, string Name)? Account(string user) =>
        user.StartsWith(AccountPrefix, StringComparison.Ordinal) && user[AccountPrefix.Length..].Split(':') is [{ Length: > 0 } ns, { Length: > 0 } name] ? (ns, name) : null;

    private static List<string> Groups(string name, List<string> groups)
    {
        if (groups.Count == 0 && Account(name) is { } account)
        {
            groups = ["system:serviceaccounts", "system:serviceaccounts:" + account.Namespace];
        }

        var added = name == AnonymousUser ? UnauthenticatedGroup : AuthenticatedGroup;
        return groups.Contains(AuthenticatedGroup) || groups.Contains(UnauthenticatedGroup) ? groups : [.. groups, added];
    }

    private static IEnumerable<AccessAttributes> Checks(
        string name, List<string> groups, string uid, IReadOnlyDictionary<string, IReadOnlyList<string>> extra)
    {
        var impersonate = new AccessAttributes { Verb = "impersonate" };
        yield return Account(name) is { } account
            ? impersonate with { Resource = "serviceaccounts", Namespace = account.Namespace, Name = account.Name }
            : impersonate with { Resource = "users", Name = name };
        foreach (var group in groups)
        {
            yield return impersonate with { Resource = "groups", Name = group };
        }

        foreach (var (key, values) in extra)
        {
            foreach (var value in values)
            {
                yield return impersonate with { Group = AuthenticationGroup, Resource = "userextras", Subresource = key, Name = value };
            }
        }

        if (uid.Length > 0)
        {
            yield return impersonate with { Group = AuthenticationGroup, Resource = "uids", Name = uid };
        }
    }

    private static SortedDictionary<string, IReadOnlyList<string>> Extra(IHeaderDictionary headers)
    {
        var extra = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, values) in headers)
        {
            if (name.Length > ExtraPrefix.Length && name.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase))
            {
                extra[Uri.UnescapeDataString(name[ExtraPrefix.Length..]).ToLowerInvariant()] = [.. values.OfType<string>()];
            }
        }

        return extra;
    }

    private static IEnumerable<string> Wanted(List<string> groups, string uid, IReadOnlyDictionary<string, IReadOnlyList<string>> extra) =>
        groups.Select(static g => "group " + g).Concat(uid.Length > 0 ? ["uid " + uid] : []).Concat(extra.Keys.Select(static k => "extra " + k)).DefaultIfEmpty("nobody");
}

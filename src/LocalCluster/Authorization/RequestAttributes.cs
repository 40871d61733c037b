using Godwit.LocalCluster.ApiServer.Http;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Reads out of a request what it wants to do. What serves the request takes the path apart in the same way.</summary>
internal static class RequestAttributes
{
    public static AccessAttributes Of(HttpRequest request, string path)
    {
        if (RequestInfo.Parse(path) is not { } info)
        {
            return new AccessAttributes { Verb = request.Method.ToLowerInvariant(), Path = path };
        }

        var verb = Verb(request, info);
        return new AccessAttributes
        {
            Verb = verb,
            Group = info.Group,
            Resource = info.Resource,
            Subresource = info.Subresource,
            // A namespace lies in itself: who has rights in it may have them on it.
            Namespace = info is { Resource: "namespaces", Namespace: "" } ? info.Name : info.Namespace,
            Name = info.Name.Length == 0 && verb is "list" or "watch" ? SelectedName(request) ?? info.Name : info.Name,
        };
    }

    private static string Verb(HttpRequest request, RequestInfo info) => ResourceHandler.Verb(request, info) is { Length: > 0 } known
        ? known
        : request.Method switch
        {
            // What is posted to something that has a name makes a part of it: a binding, an eviction.
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "HEAD" => info.Name.Length > 0 ? "get" : "list",
            _ => request.Method.ToLowerInvariant(),
        };

    /// <summary>A list that can only be of one object is of that name.</summary>
    private static string? SelectedName(HttpRequest request)
    {
        var text = request.Query["fieldSelector"].ToString();
        if (!text.Contains("metadata.name", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return FieldSelector.Parse(text).Required("metadata.name");
        }
        catch (SelectorException)
        {
            // Refused where it is used.
            return null;
        }
    }
}

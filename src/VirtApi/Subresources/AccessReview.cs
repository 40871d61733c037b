using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.VirtApi.Subresources;

/// <summary>Asks the API server whether a user may use a subresource: the same rules hold here as everywhere else.</summary>
public static class AccessReview
{
    private const string Vmis = "virtualmachineinstances";

    private static readonly ResourceKind Reviews =
        new("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", Namespaced: false);

    /// <summary>Null: allowed; else why not.</summary>
    public static async Task<string?> RefusalAsync(
        ApiClient api, RemoteUser user, NamespacedName vmi, string subresource, string verb, CancellationToken ct, string resource = Vmis)
    {
        var review = await api.CreateAsync(Reviews, Request(user, vmi, resource, subresource, verb), ct: ct);
        return review.Flag("status", "allowed") == true
            ? null
            : $"{resource}.subresources.kubevirt.io \"{vmi.Name}\" is forbidden: User \"{user.Name}\" cannot {verb} resource "
                + $"\"{resource}/{subresource}\" in API group \"subresources.kubevirt.io\" in the namespace \"{vmi.Namespace}\"";
    }

    private static JsonObject Request(RemoteUser user, NamespacedName vmi, string resource, string subresource, string verb) => new()
    {
        ["apiVersion"] = Reviews.ApiVersion,
        ["kind"] = Reviews.Kind,
        ["spec"] = new JsonObject
        {
            ["user"] = user.Name,
            ["groups"] = new JsonArray([.. user.Groups]),
            ["extra"] = new JsonObject(user.Extra.Select(
                static e => KeyValuePair.Create<string, JsonNode?>(e.Key, new JsonArray([.. e.Value.Select(static v => (JsonNode)v)])))),
            ["resourceAttributes"] = new JsonObject
            {
                ["group"] = "subresources.kubevirt.io",
                ["version"] = "v1",
                ["resource"] = resource,
                ["subresource"] = subresource,
                ["namespace"] = vmi.Namespace,
                ["name"] = vmi.Name,
                ["verb"] = verb,
            },
        },
    };
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Writes requests as <c>admission.k8s.io/v1 AdmissionReview</c>.</summary>
internal static class AdmissionReview
{
    /// <summary>The <c>request</c> member, with the objects in the version the hook asked for.</summary>
    public static JsonObject Request(AdmissionRequest request, ResourceVersionInfo version, string uid)
    {
        var result = Attributes(request, version);
        result.Insert(0, "uid", uid);
        var at = result.IndexOf("dryRun");
        result.Insert(at, "object", InVersion(request.Object, request, version));
        result.Insert(at + 1, "oldObject", InVersion(request.OldObject, request, version));
        return result;
    }

    /// <summary>All that <see cref="Request"/> says but the objects: what expressions know as <c>request</c>.</summary>
    public static JsonObject Attributes(AdmissionRequest request, ResourceVersionInfo version)
    {
        var resource = request.Resource;
        var own = Gvk(request, request.Version);
        var seen = version == request.Version ? (JsonObject)own.DeepClone() : Gvk(request, version);
        var result = new JsonObject
        {
            ["kind"] = seen,
            ["resource"] = Gvr(resource, version),
        };
        if (request.Subresource is not null)
        {
            result["subResource"] = request.Subresource;
        }

        result["requestKind"] = own;
        result["requestResource"] = Gvr(resource, request.Version);
        if (request.Subresource is not null)
        {
            result["requestSubResource"] = request.Subresource;
        }

        if (request.Name.Length > 0)
        {
            result["name"] = request.Name;
        }

        if (request.Namespace.Length > 0)
        {
            result["namespace"] = request.Namespace;
        }
        else if (resource is { Group: "", Plural: "namespaces" } && request.Name.Length > 0)
        {
            result["namespace"] = request.Name;
        }

        result["operation"] = WebhookMatcher.Operation(request.Operation);
        result["userInfo"] = User(request.User);
        result["dryRun"] = request.DryRun;
        result["options"] = request.Options?.DeepClone() ?? new JsonObject
        {
            ["kind"] = request.Operation + "Options",
            ["apiVersion"] = "meta.k8s.io/v1",
        };
        return result;
    }

    /// <summary>The object as it is in another version: without conversion only the version's name differs.</summary>
    public static JsonObject? InVersion(JsonObject? obj, AdmissionRequest request, ResourceVersionInfo version)
    {
        var copy = obj?.Clone();
        if (copy is not null && version != request.Version)
        {
            copy["apiVersion"] = request.Resource.ApiVersion(version.Name);
        }

        return copy;
    }

    // Subresources may have bodies of other kinds: an Eviction, a Binding, a Scale.
    private static JsonObject Gvk(AdmissionRequest request, ResourceVersionInfo version)
    {
        if (request.Subresource is not null && request.Object.Text("kind") is { } kind && request.Object.Text("apiVersion") is { } apiVersion && kind != request.Resource.Kind)
        {
            var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
            return new JsonObject { ["group"] = slash < 0 ? "" : apiVersion[..slash], ["version"] = apiVersion[(slash + 1)..], ["kind"] = kind };
        }

        return new JsonObject { ["group"] = request.Resource.Group, ["version"] = version.Name, ["kind"] = request.Resource.Kind };
    }

    private static JsonObject Gvr(ResourceInfo resource, ResourceVersionInfo version) =>
        new() { ["group"] = resource.Group, ["version"] = version.Name, ["resource"] = resource.Plural };

    private static JsonObject User(UserInfo user)
    {
        var result = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0)
        {
            result["uid"] = user.Uid;
        }

        result["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode?)g)]);
        if (user.Extra.Count > 0)
        {
            result["extra"] = new JsonObject(user.Extra.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)new JsonArray([.. e.Value.Select(v => (JsonNode?)v)]))));
        }

        return result;
    }
}

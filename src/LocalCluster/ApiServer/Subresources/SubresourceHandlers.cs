using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>Finds the handler of a subresource, or of a kind that is only asked and never stored.</summary>
internal sealed class SubresourceHandlers(PodLogHandler logs, BindingHandler bindings, EvictionHandler evictions, ScaleHandler scales, TokenHandler tokens, ReviewHandler reviews, NamespaceFinalizeHandler finalize)
{
    public Task HandleAsync(ApiRequest call, string name)
    {
        var target = call.Target;
        var method = call.Http.Request.Method;
        return (target.Resource.QualifiedName, name, method) switch
        {
            ("pods", "log", "GET") => logs.HandleAsync(call),
            ("pods", "binding", "POST") => bindings.HandleAsync(call),
            ("pods", "eviction", "POST") => evictions.HandleAsync(call),
            ("pods", "exec" or "attach" or "portforward" or "proxy", _) => throw ApiErrors.NotImplemented($"pods/{name} is not served by this cluster"),
            ("serviceaccounts", "token", "POST") => tokens.HandleAsync(call),
            ("namespaces", "finalize", "PUT") => finalize.HandleAsync(call),
            (_, "scale", "GET" or "PUT" or "PATCH") when target.Version.Scale is not null => scales.HandleAsync(call),
            _ when target.Resource.Subresources.Any(s => s.Name == name) || name == "scale" && target.Version.Scale is not null => throw ApiErrors.MethodNotAllowed(""),
            _ when target.Resource.Custom => throw ApiErrors.NotFound(target.Resource.Group, target.Resource.Plural, target.Name),
            _ => throw ApiErrors.NoSuchResource(),
        };
    }

    /// <summary>False when the resource is an ordinary one, whose objects are stored.</summary>
    public async Task<bool> TryReviewAsync(ApiRequest call)
    {
        switch (call.Target.Resource.QualifiedName)
        {
            case "bindings":
                await bindings.HandleAsync(call);
                return true;
            case "selfsubjectreviews.authentication.k8s.io" or "tokenreviews.authentication.k8s.io"
                or "selfsubjectaccessreviews.authorization.k8s.io" or "subjectaccessreviews.authorization.k8s.io"
                or "localsubjectaccessreviews.authorization.k8s.io" or "selfsubjectrulesreviews.authorization.k8s.io":
                await reviews.HandleAsync(call);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Success without an object.</summary>
    public static JsonObject Success(int code) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["code"] = code,
    };
}

using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Authorization;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Authorization;

public sealed class RequestAttributesTests
{
    [Theory]
    [InlineData("GET", "/api/v1/namespaces/n/pods", "", "list||pods||n|")]
    [InlineData("GET", "/api/v1/pods", "?watch=true", "watch||pods|||")]
    [InlineData("GET", "/api/v1/watch/namespaces/n/pods", "", "watch||pods||n|")]
    [InlineData("GET", "/api/v1/namespaces/n/pods/p", "", "get||pods||n|p")]
    [InlineData("GET", "/api/v1/namespaces/n/pods/p/log", "?follow=true", "get||pods|log|n|p")]
    [InlineData("GET", "/api/v1/namespaces/n/configmaps", "?fieldSelector=metadata.name%3Dc", "list||configmaps||n|c")]
    [InlineData("GET", "/api/v1/namespaces/n/configmaps", "?watch=1&fieldSelector=metadata.name%3Dc%2Cmetadata.namespace%3Dn", "watch||configmaps||n|c")]
    [InlineData("GET", "/api/v1/namespaces/n/configmaps", "?fieldSelector=metadata.name%21%3Dc", "list||configmaps||n|")]
    [InlineData("DELETE", "/api/v1/namespaces/n/configmaps", "?fieldSelector=metadata.name%3Dc", "deletecollection||configmaps||n|")]
    [InlineData("DELETE", "/apis/apps/v1/namespaces/n/deployments/d", "", "delete|apps|deployments||n|d")]
    [InlineData("POST", "/apis/apps/v1/namespaces/n/deployments", "", "create|apps|deployments||n|")]
    [InlineData("POST", "/api/v1/namespaces/n/pods/p/eviction", "", "create||pods|eviction|n|p")]
    [InlineData("PUT", "/api/v1/nodes/x/status", "", "update||nodes|status||x")]
    [InlineData("PATCH", "/api/v1/nodes/x", "", "patch||nodes|||x")]
    [InlineData("HEAD", "/api/v1/nodes/x", "", "get||nodes|||x")]
    [InlineData("OPTIONS", "/api/v1/nodes/x", "", "options||nodes|||x")]
    // A namespace is within itself.
    [InlineData("GET", "/api/v1/namespaces/n", "", "get||namespaces||n|n")]
    [InlineData("PUT", "/api/v1/namespaces/n/finalize", "", "update||namespaces|finalize|n|n")]
    [InlineData("GET", "/api/v1/namespaces", "", "list||namespaces|||")]
    // What another server answers for is judged by the same rules; of its paths the first part after the name counts.
    [InlineData("PUT", "/apis/subresources.kubevirt.io/v1/namespaces/n/virtualmachines/v/migrate", "", "update|subresources.kubevirt.io|virtualmachines|migrate|n|v")]
    [InlineData("PUT", "/apis/subresources.kubevirt.io/v1/namespaces/n/virtualmachines/v/evacuate/cancel", "", "update|subresources.kubevirt.io|virtualmachines|evacuate|n|v")]
    [InlineData("GET", "//api//v1/namespaces/n//pods/p", "", "get||pods||n|p")]
    public void A_request_wants_to_do_something_to_a_resource(string method, string path, string query, string expected)
    {
        var wanted = Of(method, path, query);
        wanted.Path.ShouldBeNull();
        string.Join('|', wanted.Verb, wanted.Group, wanted.Resource, wanted.Subresource, wanted.Namespace, wanted.Name).ShouldBe(expected);
    }

    [Theory]
    [InlineData("GET", "/healthz")]
    [InlineData("GET", "/api")]
    [InlineData("GET", "/api/v1")]
    [InlineData("POST", "/apis/apps/v1")]
    [InlineData("DELETE", "/")]
    public void Other_paths_are_no_resources(string method, string path)
    {
        var wanted = Of(method, path, "");
        wanted.Path.ShouldBe(path);
        wanted.Verb.ShouldBe(method.ToLowerInvariant());
    }

    [Theory]
    [InlineData("GET", "/api/v1/namespaces/n/pods", "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"n\"")]
    [InlineData("DELETE", "/apis/apps/v1/namespaces/n/deployments/d", "deployments.apps \"d\" is forbidden: User \"jane\" cannot delete resource \"deployments\" in API group \"apps\" in the namespace \"n\"")]
    [InlineData("GET", "/api/v1/namespaces/n/pods/p/log", "pods \"p\" is forbidden: User \"jane\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"n\"")]
    [InlineData("GET", "/api/v1/nodes", "nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope")]
    [InlineData("GET", "/metrics", "forbidden: User \"jane\" cannot get path \"/metrics\"")]
    [InlineData("GET", "/<b>&", "forbidden: User \"jane\" cannot get path \"/&lt;b&gt;&amp;\"")]
    public void A_refusal_says_who_may_not_do_what(string method, string path, string message)
    {
        var refusal = AccessRefusal.Of(new UserInfo("jane", []), Of(method, path, ""), "");
        refusal.Code.ShouldBe(403);
        refusal.Message.ShouldBe(message);
        AccessRefusal.Of(new UserInfo("jane", []), Of(method, path, ""), "RBAC: why").Message.ShouldBe(message + ": RBAC: why");
    }

    private static AccessAttributes Of(string method, string path, string query)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = method;
        http.Request.Path = path;
        http.Request.QueryString = new QueryString(query);
        return RequestAttributes.Of(http.Request, path);
    }
}

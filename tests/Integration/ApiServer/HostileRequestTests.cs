using System.Net.Sockets;
using System.Text;
using Godwit.Integration.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Integration.ApiServer;

/// <summary>Requests that nobody means well: each is answered, none with 500, and afterwards the server serves as before.</summary>
public sealed class HostileRequestTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const int Requests = 3000;
    private const int Seed = 20261126;
    private static readonly HttpMethod[] Methods = [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete, HttpMethod.Options, new("PROPFIND")];

    private static readonly string[] Types =
    [
        "application/json", "application/yaml", "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json", "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "text/html", "x/y; charset=nowhere",
    ];

    private static readonly string[] Accepts =
        ["application/json", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/vnd.kubernetes.protobuf", "*/*", "q=;;,", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"];

    private static readonly string[] Queries =
    [
        "", "limit=-1", "limit=99999999999999999999", "continue=%00%ff", "resourceVersion=-5", "resourceVersion=x&watch=1&timeoutSeconds=0",
        "fieldSelector=%3D%3D%3D", "labelSelector=a+in+((", "fieldManager=&force=maybe", "dryRun=Some", "fieldValidation=Never%00", "gracePeriodSeconds=1e9",
        "propagationPolicy=Sideways", "timeoutSeconds=9e99", "watch=true&resourceVersion=99999999999&timeoutSeconds=1", "pretty=%F0%28", "allowWatchBookmarks=2&sendInitialEvents=yes",
    ];

    private static readonly string[] Bodies =
    [
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"hostile","labels":{"a":"b"},"annotations":{"k":"v"}},"data":{"a":"1"}}""",
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"hostile"},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":1}],"resources":{"limits":{"cpu":"1"}}}],"nodeName":"n"}}""",
        """{"apiVersion":"v1","kind":"Service","metadata":{"name":"hostile"},"spec":{"ports":[{"port":80,"targetPort":"x","nodePort":30001}],"selector":{"a":"b"},"clusterIP":"None"}}""",
        """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"hostile"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""",
        """[{"op":"add","path":"/metadata/labels/x","value":"y"},{"op":"test","path":"/data","value":{}},{"op":"move","from":"/data","path":"/metadata"}]""",
        """{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"x"},"propagationPolicy":"Foreground"}""",
        """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"hostile"},"deleteOptions":{"dryRun":["All"]}}""",
        """{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"as.b.c"},"spec":{"group":"b.c","names":{"plural":"as","kind":"A"},"scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-validations":[{"rule":"self.a > 1"}]}}}]}}""",
        """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"hostile"},"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}""",
        """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}""",
        "k8s\0\n\u0012\u0004v1\u0012\u0003Pod", "", "null", "[]", "\"\\ud800\"", "{\"metadata\":{\"name\":\"\\udc00\"}}", "- ", "a: &a [*a]",
    ];

    [Fact]
    public async Task Rubbish_of_all_kinds_is_refused_and_never_breaks_the_server()
    {
        var ns = await cluster.NamespaceAsync();
        string[] paths =
        [
            $"/api/v1/namespaces/{ns}/configmaps", $"/api/v1/namespaces/{ns}/configmaps/hostile", $"/api/v1/namespaces/{ns}/pods", $"/api/v1/namespaces/{ns}/pods/hostile",
            $"/api/v1/namespaces/{ns}/pods/hostile/eviction", $"/api/v1/namespaces/{ns}/pods/hostile/status", $"/api/v1/namespaces/{ns}/pods/hostile/binding", $"/api/v1/namespaces/{ns}/services/hostile",
            $"/api/v1/namespaces/{ns}/services", $"/apis/apps/v1/namespaces/{ns}/deployments", $"/apis/apps/v1/namespaces/{ns}/deployments/hostile", $"/apis/apps/v1/namespaces/{ns}/deployments/hostile/scale",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "/apis/b.c/v1/as", $"/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "/apis", "/api/v1/nodes/%2e%2e/status", "/openapi/v3/%ff", "/openapi/v2", "/version%00", "/api//v1///", $"/api/v1/namespaces/{ns}/secrets/{new string('x', 3000)}", "/apis/kubevirt.io/v1/virtualmachines",
        ];
        var rubbish = new Rubbish(Seed);
        using var client = new RawClient(cluster.Server);
        var answers = new Dictionary<int, int>();
        for (var i = 0; i < Requests; i++)
        {
            var (method, path, query) = (rubbish.Pick(Methods), rubbish.Pick(paths), rubbish.Pick(Queries));
            var body = method == HttpMethod.Get ? null : rubbish.Spoil(rubbish.Pick(Bodies));
            var (type, accept) = (rubbish.Pick(Types), rubbish.Pick(Accepts));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using var answer = await client.AnswerAsync(method, query.Length > 0 ? $"{path}?{query}" : path, body, type, accept).WaitAsync(limit.Token);
            var code = (int)answer.StatusCode;
            answers[code] = answers.GetValueOrDefault(code) + 1;
            var words = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            // A version that is no number is a 500 of the real server too.
            if (code >= 500 && code != 501 && !words.Contains("resourceVersion: Invalid value", StringComparison.Ordinal))
            {
                Assert.Fail($"request {i}: {method} {path}?{query} as {type}, accepting {accept}: {code}\n{body}\n{words}");
            }
        }

        answers.Keys.ShouldContain(200);
        answers.Keys.ShouldContain(400);
        var (after, _) = await client.SendAsync(HttpMethod.Post, paths[0], Samples.ConfigMap("afterwards"));
        after.ShouldBe(201);
    }

    [Fact]
    public async Task A_body_that_is_too_large_or_nests_too_deep_is_refused()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = new RawClient(cluster.Server);
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        using var large = await client.AnswerAsync(
            HttpMethod.Post,
            path,
            Samples.ConfigMap("large").Replace("\"large\"", $"\"{new string('x', 4 << 20)}\"", StringComparison.Ordinal),
            // Else the server hangs up in the middle of the body, which this client takes for the answer.
            headers: [("Expect", "100-continue")]);
        ((int)large.StatusCode).ShouldBe(413);
        foreach (var type in (string[])["application/json", "application/yaml"])
        {
            using var deep = await client.AnswerAsync(HttpMethod.Post, path, string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), type);
            ((int)deep.StatusCode).ShouldBe(400);
        }
    }

    [Fact]
    public async Task Callers_who_connect_and_say_nothing_do_not_keep_others_out()
    {
        var silent = new List<Socket>();
        try
        {
            for (var i = 0; i < 500; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                silent.Add(socket);
                await socket.ConnectAsync(cluster.Server.Address.Host, cluster.Server.Address.Port, TestContext.Current.CancellationToken);
                await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HT"));
            }

            using var client = new RawClient(cluster.Server);
            (await client.GetAsync("/version").WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Code.ShouldBe(200);
        }
        finally
        {
            silent.ForEach(static s => s.Dispose());
        }
    }
}

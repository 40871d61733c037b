using System.Text.Json.Nodes;
using Godwit.Integration.ApiServer;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>Who may do what, as kubectl sees it.</summary>
public sealed class AccessTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task A_user_without_a_role_is_refused_and_one_with_a_role_may_do_what_it_says()
    {
        var ns = await cluster.NamespaceAsync();
        await RefusedAsync($"-n {ns} get cm --as=jane", $"Error from server (Forbidden): configmaps is forbidden: User \"jane\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"{ns}\"");
        await RefusedAsync("get nodes --as=jane", "Error from server (Forbidden): nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope");
        await cluster.MustAsync($"-n {ns} create role rr --verb=get,list --resource=configmaps");
        await cluster.MustAsync($"-n {ns} create rolebinding rr --role=rr --user=jane");
        (await cluster.MustAsync($"-n {ns} get cm --as=jane -o name")).ShouldBe("configmap/kube-root-ca.crt\n");
        await RefusedAsync(
            $"-n {ns} delete cm kube-root-ca.crt --as=jane",
            $"Error from server (Forbidden): configmaps \"kube-root-ca.crt\" is forbidden: User \"jane\" cannot delete resource \"configmaps\" in API group \"\" in the namespace \"{ns}\"");
        await RefusedAsync($"get cm -A --as=jane", "configmaps is forbidden");
        await cluster.MustAsync($"-n {ns} delete rolebinding rr");
        await RefusedAsync($"-n {ns} get cm --as=jane", "configmaps is forbidden");
    }

    [Fact]
    public async Task Can_i_answers_by_the_same_rules()
    {
        var ns = await cluster.NamespaceAsync();
        (await cluster.MustAsync("auth can-i '*' '*'")).ShouldBe("yes\n");
        (await cluster.KubectlAsync($"auth can-i get pods -n {ns} --as=joe")).ShouldSatisfyAllConditions(r => r.Exit.ShouldBe(1), r => r.Output.ShouldBe("no\n"));
        await cluster.MustAsync($"-n {ns} create rolebinding seer --clusterrole=view --user=joe");
        (await cluster.MustAsync($"auth can-i get pods -n {ns} --as=joe")).ShouldBe("yes\n");
        (await cluster.MustAsync($"auth can-i get pods/log -n {ns} --as=joe")).ShouldBe("yes\n");
        (await cluster.MustAsync("auth can-i get /healthz --as=joe")).ShouldBe("yes\n");
        (await cluster.KubectlAsync($"auth can-i get secrets -n {ns} --as=joe")).Exit.ShouldBe(1);
        var list = await cluster.MustAsync($"auth can-i --list -n {ns} --as=joe");
        list.ShouldContain("selfsubjectreviews.authentication.k8s.io");
        list.ShouldContain("[/openapi/*]");
        list.ShouldContain("endpointslices.discovery.k8s.io");
        using var admin = cluster.Admin();
        var (code, answer) = await ReviewAsync(admin, "SubjectAccessReview", $$$"""{"user":"joe","resourceAttributes":{"verb":"list","resource":"pods","namespace":"{{{ns}}}"}}""");
        code.ShouldBe(201);
        answer["status"]!.ToJsonString(Relaxed).ShouldBe($$"""{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"seer/{{ns}}\" of ClusterRole \"view\" to User \"joe\""}""");
        (await ReviewAsync(admin, "SubjectAccessReview", """{"resourceAttributes":{"verb":"list","resource":"pods"}}""")).Body["message"].Text()
            .ShouldBe("SubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at least one of user or group must be specified");
        (await ReviewAsync(admin, "SelfSubjectAccessReview", "{}")).Code.ShouldBe(422);
        (await ReviewAsync(admin, "SelfSubjectRulesReview", "{}")).Body["message"].Text().ShouldBe("no namespace on request");
    }

    [Fact]
    public async Task To_act_as_another_is_a_right_of_its_own()
    {
        using var admin = cluster.Admin();
        using var sue = new RawClient(cluster.Server, "sue");
        var whoami = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        const string Body = """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""";
        var (code, status) = await sue.SendAsync(HttpMethod.Post, whoami, Body, headers: [("Impersonate-User", "kim")]);
        code.ShouldBe(403);
        status["message"].Text().ShouldBe("users \"kim\" is forbidden: User \"sue\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope");
        await cluster.MustAsync("create clusterrole kim-only --verb=impersonate --resource=users --resource-name=kim");
        await cluster.MustAsync("create clusterrolebinding kim-only --clusterrole=kim-only --user=sue");
        (_, status) = await sue.SendAsync(HttpMethod.Post, whoami, Body, headers: [("Impersonate-User", "kim")]);
        status["status"]!["userInfo"]!.ToJsonString().ShouldBe("""{"username":"kim","groups":["system:authenticated"]}""");
        // Not as a member of anything, and above all not of the masters.
        (code, status) = await sue.SendAsync(HttpMethod.Post, whoami, Body, headers: [("Impersonate-User", "kim"), ("Impersonate-Group", "system:masters")]);
        code.ShouldBe(403);
        status["message"].Text().ShouldBe("groups \"system:masters\" is forbidden: User \"sue\" cannot impersonate resource \"groups\" in API group \"\" at the cluster scope");
        (await sue.SendAsync(HttpMethod.Post, whoami, Body, headers: [("Impersonate-Group", "devs")])).Code.ShouldBe(500);
        (_, status) = await admin.SendAsync(HttpMethod.Post, whoami, Body, headers:
            [("Impersonate-User", "system:serviceaccount:n:a"), ("Impersonate-Uid", "u1"), ("Impersonate-Extra-Scopes", "x"), ("Impersonate-Extra-acme.com%2Fteam", "y")]);
        status["status"]!["userInfo"]!.ToJsonString().ShouldBe(
            """{"username":"system:serviceaccount:n:a","uid":"u1","groups":["system:serviceaccounts","system:serviceaccounts:n","system:authenticated"],"extra":{"acme.com/team":["y"],"scopes":["x"]}}""");
    }

    [Fact]
    public async Task Nobody_gives_rights_away_that_they_do_not_have()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"-n {ns} create role own --verb=get,create,update --resource=roles,rolebindings,configmaps");
        await cluster.MustAsync($"-n {ns} create rolebinding own --role=own --user=mike");
        await cluster.MustAsync($"-n {ns} create role ok --verb=get --resource=configmaps --as=mike");
        await RefusedAsync($"-n {ns} create role bad --verb=delete --resource=secrets --as=mike",
            "Error from server (Forbidden): roles.rbac.authorization.k8s.io \"bad\" is forbidden: user \"mike\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"delete\"]}");
        await RefusedAsync($"-n {ns} create rolebinding grab --clusterrole=admin --user=mike --as=mike", "{APIGroups:[\"\"], Resources:[\"bindings\"], Verbs:[\"get\" \"list\" \"watch\"]}\n");
        await RefusedAsync($"-n {ns} create rolebinding none --role=missing --user=mike --as=mike", "roles.rbac.authorization.k8s.io \"missing\" not found");
        // An update is no way around it, and neither is apply.
        await RefusedAsync($"-n {ns} replace --as=mike -f -", "not currently held", Role(ns, "ok", "delete", "secrets"));
        (await cluster.MustAsync($"auth reconcile -f -", Role(ns, "own", "get", "pods"))).ShouldContain("role.rbac.authorization.k8s.io/own reconciled");
        await cluster.MustAsync($"-n {ns} create role ok2 --verb=get --resource=pods --as=mike");
        // Who may escalate or bind is trusted with it.
        await cluster.MustAsync($"-n {ns} create role trusted --verb=escalate,bind --resource=roles");
        await cluster.MustAsync($"-n {ns} create rolebinding trusted --role=trusted --user=mike");
        await cluster.MustAsync($"-n {ns} create role bad --verb=delete --resource=secrets --as=mike");
        await cluster.MustAsync($"-n {ns} create rolebinding bad --role=bad --user=mike --as=mike");
        await RefusedAsync($"-n {ns} create rolebinding grab --clusterrole=admin --user=mike --as=mike", "not currently held");
    }

    [Fact]
    public async Task The_role_of_a_binding_cannot_be_changed_and_nonsense_is_refused()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"-n {ns} create rolebinding b --clusterrole=view --user=x");
        await RefusedAsync($"-n {ns} patch rolebinding b --type=merge -p {{\"roleRef\":{{\"name\":\"edit\"}}}}",
            "The RoleBinding \"b\" is invalid: roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"ClusterRole\",\"Name\":\"edit\"}: cannot change roleRef");
        await RefusedAsync($"-n {ns} create -f -", "rules[0].verbs: Required value: verbs must contain at least one value",
            $$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r","namespace":"{{ns}}"},"rules":[{"verbs":[],"apiGroups":[""],"resources":["pods"]}]}""");
        await RefusedAsync($"-n {ns} create -f -", "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs",
            $$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r","namespace":"{{ns}}"},"rules":[{"verbs":["get"],"nonResourceURLs":["/x"]}]}""");
        await RefusedAsync($"create -f -", "subjects[0].kind: Unsupported value: \"Robot\": supported values: \"ServiceAccount\", \"User\", \"Group\"",
            """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"r"},"roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[{"kind":"Robot","name":"x"}]}""");
    }

    [Fact]
    public async Task Cluster_roles_gather_the_rules_of_others()
    {
        await cluster.MustAsync("create -f -", """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"widgets-view","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},
             "rules":[{"verbs":["get"],"apiGroups":["example.com"],"resources":["widgets"]}]}
            """);
        // view is gathered into edit, and edit into admin.
        await AdminHasAsync("widgets", true);
        await cluster.MustAsync("delete clusterrole widgets-view");
        await AdminHasAsync("widgets", false);
    }

    [Fact]
    public async Task A_token_speaks_for_its_account_and_ends_with_what_it_is_bound_to()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"-n {ns} create sa bot");
        var token = (await cluster.MustAsync($"-n {ns} create token bot")).Trim();
        using var nobody = new RawClient(cluster.Server, certificate: null);
        var (code, status) = await nobody.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}/configmaps", headers: [("Authorization", "Bearer " + token)]);
        code.ShouldBe(403);
        status["message"].Text().ShouldBe($"configmaps is forbidden: User \"system:serviceaccount:{ns}:bot\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"{ns}\"");
        await cluster.MustAsync($"-n {ns} create rolebinding bots --clusterrole=view --group=system:serviceaccounts:{ns}");
        (await nobody.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}/configmaps", headers: [("Authorization", "Bearer " + token)])).Code.ShouldBe(200);
        var other = (await cluster.MustAsync($"-n {ns} create token bot --audience=other")).Trim();
        (await nobody.SendAsync(HttpMethod.Get, "/version", headers: [("Authorization", "Bearer " + other)])).Code.ShouldBe(401);

        await cluster.MustAsync("create -f -", $$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"{{{ns}}}"},"spec":{"serviceAccountName":"bot","nodeName":"nowhere","containers":[{"name":"c","image":"i"}]}}
            """);
        var bound = (await cluster.MustAsync($"-n {ns} create token bot --bound-object-kind=Pod --bound-object-name=p")).Trim();
        var uid = (await cluster.GetAsync($"-n {ns} pod p")).Uid();
        (_, status) = await nobody.SendAsync(
            HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""", headers: [("Authorization", "Bearer " + bound)]);
        var extra = status.At("status", "userInfo", "extra")!;
        extra["authentication.kubernetes.io/pod-name"]![0].Text().ShouldBe("p");
        extra["authentication.kubernetes.io/pod-uid"]![0].Text().ShouldBe(uid);
        extra["authentication.kubernetes.io/node-name"]![0].Text().ShouldBe("nowhere");
        await RefusedAsync($"-n {ns} create token default --bound-object-kind=Pod --bound-object-name=p", "cannot bind token for serviceaccount \"default\" to pod running with different serviceaccount name.");
        await cluster.MustAsync($"-n {ns} delete pod p --force --grace-period=0");
        (await nobody.SendAsync(HttpMethod.Get, "/version", headers: [("Authorization", "Bearer " + bound)])).Code.ShouldBe(401);
    }

    private static System.Text.Json.JsonSerializerOptions Relaxed { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Role(string ns, string name, string verb, string resource) => $$"""
        {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"{{name}}","namespace":"{{ns}}"},"rules":[{"verbs":["{{verb}}"],"apiGroups":[""],"resources":["{{resource}}"]}]}
        """;

    private static Task<(int Code, JsonObject Body)> ReviewAsync(RawClient client, string kind, string spec) => client.SendAsync(
        HttpMethod.Post, $"/apis/authorization.k8s.io/v1/{kind.ToLowerInvariant()}s", $$"""{"apiVersion":"authorization.k8s.io/v1","kind":"{{kind}}","spec":{{spec}}}""");

    private async Task AdminHasAsync(string resource, bool wanted)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await cluster.MustAsync("get clusterrole admin -o json")).Contains(resource, StringComparison.Ordinal) != wanted)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    private async Task RefusedAsync(string arguments, string error, string? input = null)
    {
        var result = await cluster.KubectlAsync(arguments, input);
        result.Exit.ShouldBe(1, arguments);
        result.Error.ShouldContain(error);
    }
}

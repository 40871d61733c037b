using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Authorization;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Authorization;

public sealed class RolePolicyTests
{
    private const string Objects = """
        - kind: ClusterRole
          metadata: {name: reader}
          rules:
          - {verbs: [get, list], apiGroups: [""], resources: [pods, "*/scale", nodes/proxy]}
          - {verbs: [get], apiGroups: [apps], resources: ["*"]}
          - {verbs: [get], nonResourceURLs: [/healthz, /logs/*]}
        - kind: ClusterRole
          metadata: {name: all}
          rules: [{verbs: ["*"], apiGroups: ["*"], resources: ["*"]}]
        - kind: Role
          metadata: {name: one, namespace: shop}
          rules: [{verbs: [get, watch, update], apiGroups: [""], resources: [configmaps], resourceNames: [prices]}]
        - kind: ClusterRoleBinding
          metadata: {name: readers}
          roleRef: {kind: ClusterRole, name: reader}
          subjects: [{kind: User, name: rita}, {kind: Group, name: crew}, {kind: ServiceAccount, name: bot, namespace: shop}]
        - kind: ClusterRoleBinding
          metadata: {name: broken}
          roleRef: {kind: ClusterRole, name: gone}
          subjects: [{kind: User, name: bert}]
        - kind: RoleBinding
          metadata: {name: broken, namespace: shop}
          roleRef: {kind: Role, name: lost}
          subjects: [{kind: User, name: bert}]
        - kind: RoleBinding
          metadata: {name: owners, namespace: shop}
          roleRef: {kind: ClusterRole, name: all}
          subjects: [{kind: User, name: olga}, {kind: ServiceAccount, name: local}]
        - kind: RoleBinding
          metadata: {name: prices, namespace: shop}
          roleRef: {kind: Role, name: one}
          subjects: [{kind: User, name: paul}]
        """;

    [Theory]
    [InlineData("rita", "get", "", "pods", "", "shop", "p", true)]
    [InlineData("rita", "list", "", "pods", "", "", "", true)]
    [InlineData("rita", "delete", "", "pods", "", "shop", "p", false)]
    [InlineData("rita", "get", "metrics.k8s.io", "pods", "", "shop", "p", false)]
    // Subresources are rights of their own.
    [InlineData("rita", "get", "", "pods", "log", "shop", "p", false)]
    [InlineData("rita", "get", "", "things", "scale", "shop", "p", true)]
    [InlineData("rita", "get", "", "nodes", "proxy", "", "n", true)]
    [InlineData("rita", "get", "", "nodes", "", "", "n", false)]
    [InlineData("rita", "get", "apps", "deployments", "status", "shop", "d", true)]
    [InlineData("rita", "patch", "apps", "deployments", "", "shop", "d", false)]
    // A user is no group and no account of the same name.
    [InlineData("crew", "get", "", "pods", "", "shop", "p", false)]
    [InlineData("bot", "get", "", "pods", "", "shop", "p", false)]
    [InlineData("system:serviceaccount:shop:bot", "get", "", "pods", "", "other", "p", true)]
    [InlineData("system:serviceaccount:other:bot", "get", "", "pods", "", "other", "p", false)]
    // A cluster role that is bound in a namespace holds there only; an account without a namespace is one of the binding's.
    [InlineData("olga", "delete", "", "secrets", "", "shop", "s", true)]
    [InlineData("olga", "impersonate", "any.group", "things", "sub", "shop", "s", true)]
    [InlineData("olga", "delete", "", "secrets", "", "other", "s", false)]
    [InlineData("olga", "list", "", "secrets", "", "", "", false)]
    [InlineData("system:serviceaccount:shop:local", "get", "", "secrets", "", "shop", "s", true)]
    // Names: who may see one object only may not list all.
    [InlineData("paul", "get", "", "configmaps", "", "shop", "prices", true)]
    [InlineData("paul", "watch", "", "configmaps", "", "shop", "prices", true)]
    [InlineData("paul", "get", "", "configmaps", "", "shop", "other", false)]
    [InlineData("paul", "watch", "", "configmaps", "", "shop", "", false)]
    [InlineData("paul", "get", "", "configmaps", "", "other", "prices", false)]
    [InlineData("nobody", "get", "", "pods", "", "shop", "p", false)]
    public void A_request_is_allowed_by_a_rule_of_a_role_that_is_bound_to_who_asks(
        string user, string verb, string group, string resource, string subresource, string ns, string name, bool allowed)
    {
        var wanted = new AccessAttributes { Verb = verb, Group = group, Resource = resource, Subresource = subresource, Namespace = ns, Name = name };
        Policy(Objects).Decide(new UserInfo(user, ["system:authenticated"]), wanted).Allowed.ShouldBe(allowed);
    }

    [Theory]
    [InlineData("get", "/healthz", true)]
    [InlineData("get", "/healthz/ping", false)]
    [InlineData("get", "/logs/", true)]
    [InlineData("get", "/logs/today", true)]
    [InlineData("get", "/logs", false)]
    [InlineData("post", "/healthz", false)]
    public void Paths_are_matched_whole_or_by_their_beginning(string verb, string path, bool allowed) =>
        Policy(Objects).Decide(new UserInfo("rita", []), new AccessAttributes { Verb = verb, Path = path }).Allowed.ShouldBe(allowed);

    [Fact]
    public void The_reason_names_binding_role_and_subject()
    {
        Reason("rita", "").ShouldBe("RBAC: allowed by ClusterRoleBinding \"readers\" of ClusterRole \"reader\" to User \"rita\"");
        Reason("x", "", "crew").ShouldBe("RBAC: allowed by ClusterRoleBinding \"readers\" of ClusterRole \"reader\" to Group \"crew\"");
        Reason("system:serviceaccount:shop:bot", "").ShouldBe("RBAC: allowed by ClusterRoleBinding \"readers\" of ClusterRole \"reader\" to ServiceAccount \"bot/shop\"");
        Reason("olga", "shop").ShouldBe("RBAC: allowed by RoleBinding \"owners/shop\" of ClusterRole \"all\" to User \"olga\"");
        // Who is meant twice hears of the first.
        Reason("rita", "", "crew").ShouldEndWith("to User \"rita\"");
    }

    [Fact]
    public void Masters_may_do_everything_without_any_binding()
    {
        var decision = RolePolicy.Of([], []).Decide(new UserInfo("root", ["system:masters"]), new AccessAttributes { Verb = "delete", Resource = "nodes", Name = "n" });
        decision.ShouldBe(new AccessDecision(true, ""));
    }

    [Fact]
    public void Who_is_bound_to_roles_that_are_not_there_is_told_so()
    {
        Reason("bert", "").ShouldBe("RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found");
        Reason("bert", "shop").ShouldBe(
            "RBAC: [clusterrole.rbac.authorization.k8s.io \"gone\" not found, role.rbac.authorization.k8s.io \"lost\" not found]");
    }

    [Fact]
    public void All_rules_of_a_user_are_those_of_the_cluster_and_then_those_of_the_namespace()
    {
        var policy = Policy(Objects);
        policy.RulesOf(new UserInfo("rita", ["crew"]), "shop").Count.ShouldBe(3);
        policy.RulesOf(new UserInfo("olga", ["crew"]), "shop").Select(RuleCoverage.Describe).Last().ShouldBe("""{APIGroups:["*"], Resources:["*"], Verbs:["*"]}""");
        policy.RulesOf(new UserInfo("olga", []), "").ShouldBeEmpty();
    }

    /// <summary>The policy of a list of roles and bindings.</summary>
    internal static RolePolicy Policy(string yaml) => Policy(((System.Text.Json.Nodes.JsonArray)Yaml.Parse(yaml)!).Cast<System.Text.Json.Nodes.JsonObject>());

    /// <summary>The policy of some objects, of which those that are no roles and no bindings do not count.</summary>
    internal static RolePolicy Policy(IEnumerable<System.Text.Json.Nodes.JsonObject> objects)
    {
        var all = objects.ToList();
        return RolePolicy.Of(
            all.Where(static o => o.Text("kind") is "Role" or "ClusterRole").Select(static o => (o.Namespace(), o.Name(), PolicyRule.ReadAll(o["rules"]))),
            all.Where(static o => o.Text("kind") is "RoleBinding" or "ClusterRoleBinding").Select(RoleBinding.Read));
    }

    private static string Reason(string user, string ns, params string[] groups) =>
        Policy(Objects).Decide(new UserInfo(user, groups), new AccessAttributes { Verb = "get", Resource = "pods", Namespace = ns, Name = "p" }).Reason;
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Authorization;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Authorization;

public sealed class BootstrapPolicyTests
{
    [Fact]
    public void Every_object_is_acceptable_and_marked()
    {
        foreach (var (_, obj) in BootstrapPolicy.Objects)
        {
            var copy = obj.Clone();
            BuiltInSchemas.Provider(copy.Text("apiVersion")!, copy.Text("kind")!)!.Decode(copy)
                .ShouldSatisfyAllConditions(d => d.TypeError.ShouldBeNull(), d => d.UnknownFields.ShouldBeEmpty());
            copy.Labels()["kubernetes.io/bootstrapping"].ShouldBe("rbac-defaults");
        }

        BootstrapPolicy.Objects.Select(o => (o.Resource, o.Object.Name())).ShouldBeUnique();
    }

    [Fact]
    public void Every_binding_names_a_role_that_is_there()
    {
        var policy = RolePolicyTests.Policy(BootstrapPolicy.Objects.Select(o => o.Object));
        foreach (var binding in BootstrapPolicy.Objects.Where(o => o.Object["roleRef"] is not null).Select(o => RoleBinding.Read(o.Object)))
        {
            policy.Rules(binding.Role, binding.Namespace).ShouldNotBeNull(binding.Name);
        }
    }

    [Theory]
    [InlineData("system:unauthenticated", "get", "/readyz", true)]
    [InlineData("system:unauthenticated", "get", "/version", true)]
    [InlineData("system:unauthenticated", "get", "/api", false)]
    [InlineData("system:unauthenticated", "get", "/readyz/store", false)]
    [InlineData("system:authenticated", "get", "/apis/apps/v1", true)]
    [InlineData("system:authenticated", "get", "/openapi/v3/api/v1", true)]
    [InlineData("system:authenticated", "get", "/metrics", false)]
    public void Health_and_version_are_open_and_discovery_is_for_those_who_are_known(string group, string verb, string path, bool allowed) =>
        RolePolicyTests.Policy(BootstrapPolicy.Objects.Select(o => o.Object))
            .Decide(new UserInfo("x", [group]), new AccessAttributes { Verb = verb, Path = path }).Allowed.ShouldBe(allowed);

    [Fact]
    public void What_a_role_lost_comes_back_and_what_it_gained_stays()
    {
        var wanted = Object("system:basic-user");
        var present = wanted.Clone();
        ((JsonObject)present["metadata"]!["labels"]!).Remove("kubernetes.io/bootstrapping");
        present["metadata"]!["labels"]!["mine"] = "too";
        present["rules"] = Yaml.Parse("[{verbs: [create], apiGroups: [authorization.k8s.io], resources: [selfsubjectaccessreviews]}, {verbs: [get], apiGroups: [x], resources: [z]}]");
        var mended = BootstrapReconciler.Mend(present, wanted)!;
        mended.Labels().ShouldBe(new Dictionary<string, string> { ["mine"] = "too", ["kubernetes.io/bootstrapping"] = "rbac-defaults" }, ignoreOrder: true);
        PolicyRule.ReadAll(mended["rules"]).Select(RuleCoverage.Describe).ShouldBe(
        [
            """{APIGroups:["authorization.k8s.io"], Resources:["selfsubjectaccessreviews"], Verbs:["create"]}""",
            """{APIGroups:["x"], Resources:["z"], Verbs:["get"]}""",
            """{APIGroups:["authorization.k8s.io"], Resources:["selfsubjectrulesreviews"], Verbs:["create"]}""",
            """{APIGroups:["authentication.k8s.io"], Resources:["selfsubjectreviews"], Verbs:["create"]}""",
        ]);
        BootstrapReconciler.Mend(mended, wanted).ShouldBeNull();
    }

    [Fact]
    public void Who_turned_updates_off_is_left_alone()
    {
        var present = Object("system:basic-user").Clone();
        present["rules"] = new JsonArray();
        present["metadata"]!["annotations"]![BootstrapPolicy.AutoUpdate] = "false";
        BootstrapReconciler.Mend(present, Object("system:basic-user")).ShouldBeNull();
    }

    [Fact]
    public void The_gathered_rules_of_a_role_are_not_its_own_concern()
    {
        var present = Object("view").Clone();
        present["rules"] = Yaml.Parse("[{verbs: [get], apiGroups: [x], resources: [z]}]");
        BootstrapReconciler.Mend(present, Object("view")).ShouldBeNull();
    }

    private static JsonObject Object(string name) =>
        BootstrapPolicy.Objects.First(o => o.Object.Name() == name && o.Object["roleRef"] is null).Object;
}

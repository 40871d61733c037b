using System.Text.Json.Nodes;
using Godwit.LocalCluster.Authorization;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Authorization;

public sealed class RoleAggregationTests
{
    private static readonly JsonObject[] Roles = [.. ((JsonArray)Yaml.Parse("""
        - metadata: {name: sum, labels: {to: sum}}
          aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: sum}}, {matchExpressions: [{key: also, operator: Exists}]}]}
          rules: [{verbs: [old], apiGroups: [""], resources: [old]}]
        - metadata: {name: b, labels: {to: sum}}
          rules: [{verbs: [get], apiGroups: [""], resources: [pods]}, {verbs: [get], apiGroups: [""], resources: [nodes]}]
        - metadata: {name: a, labels: {also: ""}}
          rules: [{verbs: [get], apiGroups: [""], resources: [pods]}]
        - metadata: {name: c, labels: {to: other}}
          rules: [{verbs: [delete], apiGroups: [""], resources: [pods]}]
        - metadata: {name: empty, labels: {to: sum}}
        """)!).Cast<JsonObject>()];

    [Fact]
    public void Rules_come_in_order_of_names_and_each_once_and_a_role_never_gathers_itself() =>
        RoleAggregation.Rules(Roles[0], Roles)!.Select(r => r.At("resources")![0].Text()).ShouldBe(["pods", "nodes"]);

    [Fact]
    public void A_role_without_selectors_gathers_nothing() => RoleAggregation.Rules(Roles[1], Roles).ShouldBeNull();

    [Fact]
    public void What_is_no_longer_chosen_goes() => RoleAggregation.Rules(Roles[0], [Roles[0], Roles[3]])!.ShouldBeEmpty();
}

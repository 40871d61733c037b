using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Authorization;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Authorization;

public sealed class EscalationTests
{
    private static readonly UserInfo Mike = new("mike", ["system:authenticated"]);

    [Theory]
    [InlineData("[{verbs: [get, list], apiGroups: [\"\"], resources: [pods]}]", "[{verbs: [get], apiGroups: [\"\"], resources: [pods]}]", "")]
    [InlineData("[{verbs: [get], apiGroups: [\"\"], resources: [pods]}]", "[{verbs: [get, list], apiGroups: [\"\"], resources: [pods]}]",
        """{APIGroups:[""], Resources:["pods"], Verbs:["list"]}""")]
    // What is missing is put together by resource, and told in order.
    [InlineData("[]", "[{verbs: [get, list], apiGroups: [apps, \"\"], resources: [pods]}, {verbs: [watch], apiGroups: [apps], resources: [pods]}]",
        """{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}|{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list" "watch"]}""")]
    [InlineData("[{verbs: [\"*\"], apiGroups: [\"*\"], resources: [\"*\"]}]", "[{verbs: [\"*\"], apiGroups: [\"*\"], resources: [\"*\"]}]", "")]
    [InlineData("[{verbs: [get], apiGroups: [\"*\"], resources: [pods]}]", "[{verbs: [\"*\"], apiGroups: [\"*\"], resources: [pods]}]",
        """{APIGroups:["*"], Resources:["pods"], Verbs:["*"]}""")]
    [InlineData("[{verbs: [get], apiGroups: [\"\"], resources: [\"*/log\"]}]", "[{verbs: [get], apiGroups: [\"\"], resources: [pods/log]}]", "")]
    // Right to one object is less than right to all of them.
    [InlineData("[{verbs: [get], apiGroups: [\"\"], resources: [pods], resourceNames: [a]}]", "[{verbs: [get], apiGroups: [\"\"], resources: [pods]}]",
        """{APIGroups:[""], Resources:["pods"], Verbs:["get"]}""")]
    [InlineData("[{verbs: [get], apiGroups: [\"\"], resources: [pods], resourceNames: [a]}]", "[{verbs: [get], apiGroups: [\"\"], resources: [pods], resourceNames: [a, b]}]",
        """{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}""")]
    [InlineData("[{verbs: [get], nonResourceURLs: [/api/*]}]", "[{verbs: [get, post], nonResourceURLs: [/api/v1]}]", """{NonResourceURLs:["/api/v1"], Verbs:["post"]}""")]
    public void Nobody_gives_more_than_they_hold(string held, string given, string missing)
    {
        var problem = Escalation.Explain(Mike, PolicyRule.ReadAll(Yaml.Parse(held)), PolicyRule.ReadAll(Yaml.Parse(given)));
        problem.ShouldBe(missing.Length == 0
            ? null
            : "user \"mike\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n" + missing.Replace('|', '\n'));
    }
}

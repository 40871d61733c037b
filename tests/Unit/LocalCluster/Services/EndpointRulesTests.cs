using System.Text.Json.Nodes;
using Godwit.LocalCluster.Endpoints;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Services;

public sealed class EndpointRulesTests
{
    private static readonly JsonObject Service = Yaml.Parse("""
        metadata: {name: web, namespace: ns, uid: 0a1b2c3d-0000-0000-0000-000000000000}
        spec: {selector: {app: x}, ports: [{port: 80, targetPort: 8080}]}
        """)!.AsObject();

    [Theory]
    [InlineData("", "True", true, true, false)]
    [InlineData("deletionTimestamp: 2026-03-22T10:00:00Z,", "True", false, true, true)]
    [InlineData("deletionTimestamp: 2026-03-22T10:00:00Z,", "False", false, false, true)]
    [InlineData("", "False", false, false, false)]
    public void A_pod_that_is_being_deleted_gets_nothing_new_and_still_serves_what_it_has(string deletion, string ready, bool isReady, bool serving, bool terminating)
    {
        var pod = Yaml.Parse($$"""
            metadata: { {{deletion}} name: a, namespace: ns, uid: u, labels: { app: x } }
            spec: {nodeName: node01, containers: [{name: c}]}
            status: {phase: Running, podIP: 10.0.0.2, conditions: [{type: Ready, status: "{{ready}}" }] }
            """)!.AsObject();
        var conditions = EndpointRules.Slice(Service, [pod])["endpoints"]![0]!["conditions"];
        (conditions.Flag("ready"), conditions.Flag("serving"), conditions.Flag("terminating")).ShouldBe((isReady, serving, terminating));
    }
}

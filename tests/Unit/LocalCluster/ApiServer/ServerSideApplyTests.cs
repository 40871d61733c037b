using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Writing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.ApiServer;

public sealed class ServerSideApplyTests
{
    private static readonly FieldManager Kubectl = new("kubectl", "Apply", "v1", "");

    [Fact]
    public void What_was_set_without_apply_stays_when_the_same_is_applied_though_the_map_itself_was_owned()
    {
        // kubectl passes on what it owned before it applied at the server: maps with a place of their own.
        var merged = Apply("""{".":{},"f:a":{},"f:b":{}}""", """{"a":"1","b":"2"}""");
        merged["data"]!.ToJsonString().ShouldBe("""{"a":"1","b":"2"}""");
    }

    [Fact]
    public void What_is_no_longer_applied_goes_and_with_the_last_of_it_its_map()
    {
        Apply("""{".":{},"f:a":{},"f:b":{}}""", """{"a":"1"}""")["data"]!.ToJsonString().ShouldBe("""{"a":"1"}""");
        Apply("""{".":{},"f:a":{},"f:b":{}}""", null)["data"].ShouldBeNull();
    }

    [Fact]
    public void Fields_that_nobody_owned_are_a_conflict_with_those_before_the_first_apply()
    {
        var current = Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}""");
        var applied = Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"2"}}""");
        Should.Throw<Godwit.LocalCluster.ApiServer.Errors.StatusException>(() => ServerSideApply.Merge(current, applied, Kubectl, force: false, schema: null, now: ""))
            .Message.ShouldBe("Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a");
    }

    [Fact]
    public void Who_applies_what_is_there_already_owns_it_without_a_time()
    {
        var current = Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}""");
        Time(ServerSideApply.Merge(current, Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}"""), Kubectl, force: false, schema: null, now: "now"))
            .ShouldBeNull();
        Time(ServerSideApply.Merge(current, Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"b":"1"}}"""), Kubectl, force: false, schema: null, now: "now"))
            .ShouldBe("now");
    }

    private static string? Time(JsonObject merged) =>
        ((JsonArray)merged["metadata"]!["managedFields"]!).OfType<JsonObject>().Single(e => (string)e["manager"]! == "kubectl")["time"]?.GetValue<string>();

    private static JsonObject Apply(string owned, string? data)
    {
        var current = Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1","b":"2"}}""");
        current["metadata"]!["managedFields"] = new JsonArray(new JsonObject
        {
            ["manager"] = "kubectl",
            ["operation"] = "Apply",
            ["apiVersion"] = "v1",
            ["fieldsV1"] = new JsonObject { ["f:data"] = Parse(owned) },
        });
        var applied = Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}""");
        if (data is not null)
        {
            applied["data"] = Parse(data);
        }

        return ServerSideApply.Merge(current, applied, Kubectl, force: false, schema: null, now: "");
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.ApiServer;

public sealed class FieldChangesTests
{
    private static readonly StructuralSchema Schema = StructuralSchemaParser.Parse(Parse("""
        {"type":"object","properties":{
          "spec":{"type":"object","properties":{
            "size":{"type":"integer"},
            "plain":{"type":"array","items":{"type":"string"}},
            "tags":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"},
            "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["key"],
              "items":{"type":"object","properties":{"key":{"type":"string"},"value":{"type":"string"}}}},
            "whole":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"a":{"type":"string"}}}}}}}
        """));

    [Theory]
    [InlineData("null", """{"spec":{"size":1}}""", """{"f:spec":{".":{},"f:size":{}}}""", "{}")]
    [InlineData("""{"spec":{"size":1}}""", """{"spec":{"size":1}}""", "{}", "{}")]
    [InlineData("""{"spec":{"size":1}}""", """{"spec":{"size":2}}""", """{"f:spec":{"f:size":{}}}""", "{}")]
    [InlineData("""{"spec":{"size":1}}""", """{"spec":{}}""", "{}", """{"f:spec":{"f:size":{}}}""")]
    [InlineData("""{"spec":{"plain":["a"]}}""", """{"spec":{"plain":["a","b"]}}""", """{"f:spec":{"f:plain":{}}}""", "{}")]
    [InlineData("""{"spec":{"whole":{"a":"x"}}}""", """{"spec":{"whole":{"a":"y"}}}""", """{"f:spec":{"f:whole":{}}}""", "{}")]
    [InlineData("""{"spec":{"tags":["a","b"]}}""", """{"spec":{"tags":["b","c"]}}""", """{"f:spec":{"f:tags":{"v:\"c\"":{}}}}""", """{"f:spec":{"f:tags":{"v:\"a\"":{}}}}""")]
    [InlineData(
        """{"spec":{"items":[{"key":"a","value":"1"},{"key":"b"}]}}""",
        """{"spec":{"items":[{"key":"c"},{"key":"a","value":"2"}]}}""",
        """{"f:spec":{"f:items":{"k:{\"key\":\"a\"}":{"f:value":{}},"k:{\"key\":\"c\"}":{".":{},"f:key":{}}}}}""",
        """{"f:spec":{"f:items":{"k:{\"key\":\"b\"}":{".":{},"f:key":{}}}}}""")]
    [InlineData(
        """{"metadata":{"name":"x","uid":"1","labels":{"a":"1"}}}""",
        """{"metadata":{"name":"x","uid":"2","labels":{"a":"1","b":"2"},"finalizers":["f/g"]}}""",
        """{"f:metadata":{"f:finalizers":{".":{},"v:\"f/g\"":{}},"f:labels":{"f:b":{}}}}""",
        "{}")]
    public void What_is_set_and_what_is_taken_away_is_told_by_its_place(string old, string now, string set, string removed)
    {
        var changes = FieldChanges.Between(JsonNode.Parse(old) as JsonObject, Parse(now), Schema, builtIn: false, ignored: null);
        changes.Set.ToJson().ToJsonString(Relaxed).ShouldBe(set);
        changes.Removed.ToJson().ToJsonString(Relaxed).ShouldBe(removed);
    }

    [Theory]
    [InlineData("""{"spec":{"containers":[]}}""", "{}")]
    [InlineData("""{"spec":{"hostNetwork":false}}""", "{}")]
    [InlineData("""{"spec":{"enableServiceLinks":false}}""", """{"f:spec":{"f:enableServiceLinks":{}}}""")]
    [InlineData("""{"spec":{"securityContext":{}}}""", """{"f:spec":{"f:securityContext":{}}}""")]
    public void A_built_in_kind_has_its_parts_before_anything_is_in_them_and_tells_zero_from_nothing_where_it_can(string pod, string set) =>
        FieldChanges.Between(null, Parse(pod), BuiltInSchemas.Kind("v1", "Pod"), builtIn: true, ignored: null).Set.ToJson()
            .ToJsonString(Relaxed).ShouldBe(set);

    [Fact]
    public void What_this_way_of_writing_cannot_set_is_passed_over() =>
        FieldChanges.Between(null, Parse("""{"status":{"phase":"x"}}"""), Schema, builtIn: false, ignored: "status").IsEmpty.ShouldBeTrue();

    private static System.Text.Json.JsonSerializerOptions Relaxed { get; } =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}

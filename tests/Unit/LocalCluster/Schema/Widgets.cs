using System.Text.Json.Nodes;
using Godwit.LocalCluster.Schema;

namespace Godwit.Unit.LocalCluster.Schema;

/// <summary>The schema that the recorded exchanges with a real server use, without its rules.</summary>
internal static class Widgets
{
    public const string Json =
        """
        {"type":"object","description":"Widget is a test kind.","required":["spec"],"properties":{
          "spec":{"type":"object","description":"What is wanted.","required":["size"],"properties":{
            "size":{"type":"integer","minimum":1,"maximum":100,"description":"how big"},
            "max":{"type":"integer","default":50},
            "replicas":{"type":"integer","default":1},
            "mode":{"type":"string","enum":["fast","slow"],"default":"slow"},
            "name":{"type":"string","pattern":"^[a-z]+$","maxLength":10},
            "port":{"x-kubernetes-int-or-string":true},
            "quantity":{"type":"string","format":"date-time","nullable":true},
            "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
            "tags":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"},
            "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["key"],
              "items":{"type":"object","required":["key"],"properties":{"key":{"type":"string"},"value":{"type":"string","default":"none"}}}},
            "nested":{"type":"object","default":{},"properties":{"depth":{"type":"integer","default":3},"enabled":{"type":"boolean","default":true}}}}},
          "status":{"type":"object","properties":{"phase":{"type":"string"},"replicas":{"type":"integer"},"selector":{"type":"string"}}}}}
        """;

    public static readonly StructuralSchema Schema = StructuralSchemaParser.Parse(Parse(Json));

    public static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    public static JsonObject Widget(string spec) => Parse($$"""{"apiVersion":"rig.example/v1","kind":"Widget","metadata":{"name":"w"},"spec":{{spec}}}""");

    public static IEnumerable<string> Errors(string spec) => SchemaValidator.Validate(Widget(spec), Schema).Select(e => e.ToString());
}

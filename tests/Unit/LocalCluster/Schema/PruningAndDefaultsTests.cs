using System.Text.Json.Nodes;
using CsCheck;
using Godwit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Schema;

public sealed class PruningAndDefaultsTests
{
    // Objects that hit the schema's fields often, with values of the right and of wrong types.
    private static readonly Gen<JsonNode?> Value = Gen.Recursive<JsonNode?>((depth, inner) => depth > 3
        ? Gen.Int[-5, 120].Select(i => (JsonNode?)JsonValue.Create(i))
        : Gen.OneOf(
            Gen.Int[-5, 120].Select(i => (JsonNode?)JsonValue.Create(i)),
            Texts("fast", "slow", "abc", "A").Select(s => (JsonNode?)JsonValue.Create(s)),
            Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
            Gen.Bool.Select(_ => (JsonNode?)null),
            inner.Array[0, 3].Select(a => (JsonNode?)new JsonArray([.. a.Select(n => n?.DeepClone())])),
            Gen.Select(
                Texts("size", "max", "mode", "items", "key", "nested", "depth", "free", "junk", "port", "metadata").Array[0, 4],
                inner.Array[4]).Select((names, values) => (JsonNode?)new JsonObject(names.Distinct().Select((n, i) => KeyValuePair.Create(n, values[i]?.DeepClone()))))));

    private static readonly Gen<JsonObject> Object = Value.Select(v => new JsonObject
    {
        ["apiVersion"] = "rig.example/v1",
        ["kind"] = "Widget",
        ["metadata"] = new JsonObject { ["name"] = "w" },
        ["spec"] = v?.DeepClone(),
    });

    [Fact]
    public void Unknown_fields_go_and_are_named_in_order()
    {
        var widget = Widgets.Widget("""{"size":5,"unknown":"x","nested":{"depth":9,"junk":1},"items":[{"key":"k1"}],"free":{"any":{"thing":[1,2]}}}""");
        SchemaPruner.Prune(widget, Widgets.Schema).ShouldBe(["spec.nested.junk", "spec.unknown"]);
        widget["spec"]!.ToJsonString().ShouldBe("""{"size":5,"nested":{"depth":9},"items":[{"key":"k1"}],"free":{"any":{"thing":[1,2]}}}""");
    }

    [Fact]
    public void An_object_where_a_number_or_text_belongs_is_emptied()
    {
        var widget = Widgets.Widget("""{"size":5,"port":{"a":"b"}}""");
        SchemaPruner.Prune(widget, Widgets.Schema).ShouldBe(["spec.port.a"]);
    }

    [Fact]
    public void Unknown_metadata_goes_too()
    {
        var widget = Widgets.Parse("""{"metadata":{"name":"w","nome":"w","labels":{"a":"b"}},"spec":{"size":1}}""");
        SchemaPruner.Prune(widget, Widgets.Schema).ShouldBe(["metadata.nome"]);
    }

    [Fact]
    public void An_embedded_resource_keeps_its_own_kind_and_metadata()
    {
        var schema = StructuralSchemaParser.Parse(Widgets.Parse(
            """{"type":"object","properties":{"template":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}}}}"""));
        var obj = Widgets.Parse("""{"template":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","junk":1},"spec":{"x":1},"y":2}}""");
        SchemaPruner.Prune(obj, schema).ShouldBe(["template.metadata.junk", "template.spec.x", "template.y"]);
        obj.ToJsonString().ShouldBe("""{"template":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}}""");
    }

    [Fact]
    public void Defaults_fill_what_is_absent_and_what_may_not_be_null_and_other_nulls_that_may_not_be_go()
    {
        var widget = Widgets.Widget("""{"size":7,"name":null,"quantity":null,"max":null,"items":[{"key":"a"}],"nested":null,"free":{"any":null}}""");
        SchemaDefaulter.Apply(widget, Widgets.Schema);
        JsonNode.DeepEquals(widget["spec"], Widgets.Parse(
            """{"size":7,"quantity":null,"max":50,"items":[{"key":"a","value":"none"}],"free":{"any":null},"replicas":1,"mode":"slow","nested":{"depth":3,"enabled":true}}"""))
            .ShouldBeTrue(widget.ToJsonString());
    }

    [Fact]
    public void Pruning_what_was_pruned_changes_nothing() => Object.Sample(obj =>
    {
        SchemaPruner.Prune(obj, Widgets.Schema);
        var once = obj.DeepClone();
        return SchemaPruner.Prune(obj, Widgets.Schema).Count == 0 && JsonNode.DeepEquals(once, obj);
    });

    [Fact]
    public void Defaulting_what_was_defaulted_changes_nothing() => Object.Sample(obj =>
    {
        SchemaDefaulter.Apply(obj, Widgets.Schema);
        var once = obj.DeepClone();
        SchemaDefaulter.Apply(obj, Widgets.Schema);
        return JsonNode.DeepEquals(once, obj);
    });

    [Fact]
    public void Defaults_never_add_an_error() => Object.Sample(obj =>
    {
        var before = SchemaValidator.Validate(obj, Widgets.Schema).Count;
        SchemaDefaulter.Apply(obj, Widgets.Schema);
        return SchemaValidator.Validate(obj, Widgets.Schema).Count <= before;
    });

    private static Gen<string> Texts(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}

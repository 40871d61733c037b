using System.Text.Json.Nodes;
using Godwit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Schema;

public sealed class SchemaValidatorTests
{
    [Fact]
    public void Bounds_words_and_patterns_are_reported_as_a_real_server_does() =>
        Widgets.Errors("""{"size":0,"mode":"medium","name":"ABC","tags":["a","a"]}""").ShouldBe(
        [
            "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
            "spec.mode: Unsupported value: \"medium\": supported values: \"fast\", \"slow\"",
            "spec.name: Invalid value: \"ABC\": spec.name in body should match '^[a-z]+$'",
            "spec.tags[1]: Duplicate value: \"a\"",
        ]);

    [Theory]
    [InlineData("""{}""", "spec.size: Required value")]
    [InlineData("""{"size":"big"}""", "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"")]
    [InlineData("""{"size":null}""", "spec.size: Invalid value: \"null\": spec.size in body must be of type integer: \"null\"")]
    [InlineData("""{"size":101}""", "spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100")]
    [InlineData("""{"size":1,"name":"abcdefghijk"}""", "spec.name: Too long: may not be more than 10 bytes")]
    [InlineData("""{"size":1,"items":[{"key":"a"},{"key":"a"}]}""", "spec.items[1]: Duplicate value: {\"key\":\"a\"}")]
    [InlineData("""{"size":1,"items":[{"value":"a"}]}""", "spec.items[0].key: Required value")]
    [InlineData("""{"size":1,"port":true}""", "spec.port: Invalid value: \"boolean\": spec.port in body must be of type integer,string: \"boolean\"")]
    [InlineData("""{"size":1,"quantity":"notadate"}""", "spec.quantity: Invalid value: \"notadate\": spec.quantity in body must be of type date-time: \"notadate\"")]
    public void One_thing_wrong_gives_one_error(string spec, string error) => Widgets.Errors(spec).ShouldBe([error]);

    [Fact]
    public void A_fraction_where_an_integer_belongs_is_reported_twice_as_a_real_server_does() =>
        Widgets.Errors("""{"size":5.5}""").ShouldBe(
        [
            "spec.size: Invalid value: \"number\": spec.size in body must be of type integer: \"number\"",
            "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in spec.size",
        ]);

    [Theory]
    [InlineData("""{"size":5.0}""")]
    [InlineData("""{"size":5,"quantity":null}""")]
    [InlineData("""{"size":5,"port":80}""")]
    [InlineData("""{"size":5,"port":"http"}""")]
    [InlineData("""{"size":5,"quantity":"2026-01-01T00:00:00.123456Z"}""")]
    public void What_fits_gives_no_error(string spec) => Widgets.Errors(spec).ShouldBeEmpty();

    [Fact]
    public void A_schema_made_stricter_does_not_lock_what_is_stored_already()
    {
        var old = Widgets.Widget("""{"size":500,"mode":"slow"}""");
        var changed = Widgets.Widget("""{"size":500,"mode":"fast"}""");
        SchemaValidator.Validate(changed, Widgets.Schema, "", old).ShouldBeEmpty();
        SchemaValidator.Validate(Widgets.Widget("""{"size":501}"""), Widgets.Schema, "", old).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"a":1}""", "")]
    [InlineData("""{"b":1}""", "")]
    [InlineData("""{"a":1,"b":1}""", "spec: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found 2 valid alternatives")]
    [InlineData("""{}""", "spec: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid")]
    public void OneOf_counts_what_fits(string spec, string error)
    {
        var schema = StructuralSchemaParser.Parse(Widgets.Parse(
            """{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"oneOf":[{"required":["a"]},{"required":["b"]}]}}}"""));
        var errors = SchemaValidator.Validate(new JsonObject { ["spec"] = Widgets.Parse(spec) }, schema).Select(e => e.ToString());
        string.Join("; ", errors).ShouldBe(error);
    }
}

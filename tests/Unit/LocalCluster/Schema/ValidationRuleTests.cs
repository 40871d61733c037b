using System.Text.Json.Nodes;
using Godwit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Schema;

public sealed class ValidationRuleTests
{
    private static readonly JsonObject Source = (JsonObject)JsonNode.Parse("""
        {"type":"object","properties":{"spec":{"type":"object",
          "x-kubernetes-validations":[
            {"rule":"self.size <= self.max","message":"size must not exceed max","fieldPath":".size"},
            {"rule":"self.size != 13","message":"an unlucky size","messageExpression":"'%d is an unlucky size'.format([self.size])"},
            {"rule":"self.size != 17","message":"an odd size","messageExpression":"self.none"},
            {"rule":"!has(oldSelf.mode) || self.mode == oldSelf.mode","message":"mode is immutable","reason":"FieldValueForbidden"}],
          "properties":{"size":{"type":"integer"},"max":{"type":"integer"},"mode":{"type":"string"}}}}}
        """)!;

    private static readonly CustomSchemaProvider Schema = new(StructuralSchemaParser.Parse(Source), Source);

    [Theory]
    [InlineData("""{"size":1,"max":2}""", null, "")]
    [InlineData("""{"size":3,"max":2}""", null, "spec.size: Invalid value: size must not exceed max")]
    [InlineData("""{"size":13,"max":20}""", null, "spec: Invalid value: 13 is an unlucky size")]
    [InlineData("""{"size":17,"max":20}""", null, "spec: Invalid value: an odd size")]
    [InlineData("""{"size":1,"max":2,"mode":"b"}""", """{"size":1,"max":2,"mode":"a"}""", "spec: Forbidden: mode is immutable")]
    [InlineData("""{"size":1,"max":2,"mode":"b"}""", """{"size":1,"max":2}""", "")]
    [InlineData("""{"size":3,"max":2}""", """{"size":3,"max":2}""", "")]
    [InlineData("""{"size":1}""", null, "spec.size: Invalid value: no such key: max evaluating rule: size must not exceed max")]
    [InlineData(
        """{"size":"x"}""",
        null,
        "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"|<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")]
    public void A_rule_holds_for_what_is_new_or_changed_and_fits_the_schema(string spec, string? old, string errors) =>
        string.Join('|', Schema.Validate(Object(spec), old is null ? null : Object(old))).ShouldBe(errors);

    private static JsonObject Object(string spec) => new() { ["spec"] = JsonNode.Parse(spec) };
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.Crd;
using Godwit.Unit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Crd;

public sealed class CrdValidatorTests
{
    private static JsonObject Definition(string schema, string name = "foos.rig.example", string scope = "Namespaced", bool storage = true) => Widgets.Parse(
        $$$"""
        {"metadata":{"name":"{{{name}}}"},"spec":{"group":"rig.example","scope":"{{{scope}}}","names":{"plural":"foos","singular":"foo","kind":"Foo","listKind":"FooList"},
         "versions":[{"name":"v1","served":true,"storage":{{{(storage ? "true" : "false")}}},"schema":{"openAPIV3Schema":{{{schema}}}}}]},
         "status":{"storedVersions":["v1"]}}
        """);

    private static IEnumerable<string> Errors(JsonObject definition) => CrdValidator.Validate(definition).Select(e => e.ToString());

    [Fact]
    public void The_schema_of_the_recorded_widgets_is_sound() => Errors(Definition(Widgets.Json)).ShouldBeEmpty();

    [Fact]
    public void The_name_must_follow_from_plural_and_group() =>
        Errors(Definition("""{"type":"object"}""", "wrong.rig.example")).ShouldBe(
            ["metadata.name: Invalid value: \"wrong.rig.example\": must be spec.names.plural+\".\"+spec.group"]);

    [Fact]
    public void Several_faults_are_reported_together_in_the_servers_order()
    {
        var definition = Definition("""{"type":"object","properties":{"spec":{"properties":{"a":{"type":"string"}}}}}""", scope: "Sideways", storage: false);
        definition["status"]!["storedVersions"] = new JsonArray();
        Errors(definition).ShouldBe(
        [
            "spec.scope: Unsupported value: \"Sideways\": supported values: \"Cluster\", \"Namespaced\"",
            "spec.versions: Invalid value: [{\"Name\":\"v1\",\"Served\":true,\"Storage\":false,\"Deprecated\":false,\"DeprecationWarning\":null,\"Schema\":null,\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}]: must have exactly one version marked as storage version",
            "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
            "status.storedVersions: Invalid value: null: must have at least one stored version",
        ]);
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}""", "spec.validation.openAPIV3Schema.properties[a].default: Invalid value: \"string\":  in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"string"}""", "spec.validation.openAPIV3Schema.type: Invalid value: \"string\": must be object at the root")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array"}}}""", "spec.validation.openAPIV3Schema.properties[a].items: Required value: must be specified")]
    [InlineData("""{"type":"object","x-kubernetes-validations":[{"rule":"self.a.charAt(0) > 1"}]}""", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: Invalid value: \"self.a.charAt(0) > 1\": compilation failed: this server's subset of CEL does not know: function charAt")]
    [InlineData("""{"type":"object","x-kubernetes-validations":[{"rule":"'a' + 'b'"}]}""", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: Invalid value: \"'a' + 'b'\": compilation failed: cel expression must evaluate to a bool")]
    [InlineData("""{"type":"object","x-kubernetes-validations":[{"rule":"true","optionalOldSelf":true}]}""", "spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: Invalid value: \"true\": compilation failed: this server does not know optionalOldSelf")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"["}}}""", "spec.validation.openAPIV3Schema.properties[a].pattern: Invalid value: \"[\": must be a valid regular expression, but isn't")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"anyOf":[{"properties":{"b":{"type":"string"}}}]}}}""", "spec.validation.openAPIV3Schema.properties[a].anyOf[0].properties[b].type: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object"}}}}""", "spec.validation.openAPIV3Schema.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    public void A_schema_that_is_not_structural_is_refused_with_its_place(string schema, string error) =>
        Errors(Definition(schema)).ShouldHaveSingleItem().ShouldStartWith(error);
}

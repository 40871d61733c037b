using System.Text.Json.Nodes;
using CsCheck;
using Godwit.LocalCluster.Patch;
using Godwit.LocalCluster.Schema;
using Godwit.Unit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Patch;

public sealed class StrategicMergePatchTests
{
    private const string Pod =
        """
        {"metadata":{"finalizers":["a","b"],"labels":{"x":"1"}},"spec":{
          "containers":[{"name":"c","image":"i","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]},{"name":"d","image":"j"}],
          "tolerations":[{"key":"k"}],
          "volumes":[{"name":"v","emptyDir":{}},{"name":"w","hostPath":{"path":"/x"}}]}}
        """;

    [Theory]
    [InlineData("an item is merged by its key", """{"spec":{"containers":[{"name":"c","env":[{"name":"A","value":"9"}]}]}}""", "$.spec.containers[0].env", """[{"name":"A","value":"9"},{"name":"B","value":"2"}]""")]
    [InlineData("an item goes", """{"spec":{"containers":[{"name":"c","env":[{"name":"B","$patch":"delete"}]}]}}""", "$.spec.containers[0].env", """[{"name":"A","value":"1"}]""")]
    [InlineData("a new item comes first", """{"spec":{"containers":[{"name":"e","image":"k"}]}}""", "$.spec.containers[0]", """{"name":"e","image":"k"}""")]
    [InlineData("a list without key is replaced", """{"spec":{"tolerations":[{"key":"z"}]}}""", "$.spec.tolerations", """[{"key":"z"}]""")]
    [InlineData("a list is replaced on demand", """{"spec":{"containers":[{"$patch":"replace"},{"name":"only"}]}}""", "$.spec.containers", """[{"name":"only"}]""")]
    [InlineData("an object is replaced on demand", """{"metadata":{"labels":{"$patch":"replace","y":"2"}}}""", "$.metadata.labels", """{"y":"2"}""")]
    [InlineData("null removes", """{"metadata":{"labels":{"x":null,"y":"2"}}}""", "$.metadata.labels", """{"y":"2"}""")]
    [InlineData("plain values are added once", """{"metadata":{"finalizers":["b","c"]}}""", "$.metadata.finalizers", """["a","b","c"]""")]
    [InlineData("a new plain value comes first", """{"metadata":{"finalizers":["c"]}}""", "$.metadata.finalizers", """["c","a","b"]""")]
    [InlineData("plain values are taken out", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}""", "$.metadata.finalizers", """["b"]""")]
    [InlineData("plain values are ordered", """{"metadata":{"$setElementOrder/finalizers":["b","a"]}}""", "$.metadata.finalizers", """["b","a"]""")]
    [InlineData("items are ordered", """{"spec":{"$setElementOrder/volumes":[{"name":"n"},{"name":"v"}],"volumes":[{"name":"n","emptyDir":{}}]}}""", "$.spec.volumes", """[{"name":"n","emptyDir":{}},{"name":"v","emptyDir":{}},{"name":"w","hostPath":{"path":"/x"}}]""")]
    [InlineData("only the keys named are kept", """{"spec":{"volumes":[{"$retainKeys":["name","hostPath"],"name":"v","hostPath":{"path":"/y"}}]}}""", "$.spec.volumes[0]", """{"name":"v","hostPath":{"path":"/y"}}""")]
    public void A_patch_is_carried_out(string what, string patch, string where, string expected)
    {
        var result = StrategicMergePatch.Apply(Widgets.Parse(Pod), Widgets.Parse(patch), BuiltInSchemas.Kind("v1", "Pod"));
        var found = Godwit.LocalCluster.ApiServer.Resources.JsonPath.Parse(where).Select(result).First();
        JsonNode.DeepEquals(found, JsonNode.Parse(expected)).ShouldBeTrue($"{what}: {found.ToJsonString()}");
    }

    [Fact]
    public void An_item_without_its_key_is_refused() =>
        Should.Throw<FormatException>(() => StrategicMergePatch.Apply(
            Widgets.Parse(Pod), Widgets.Parse("""{"spec":{"containers":[{"image":"x"}]}}"""), BuiltInSchemas.Kind("v1", "Pod")))
            .Message.ShouldContain("does not contain declared merge key: name");

    [Fact]
    public void A_patch_applied_twice_gives_what_it_gave_once()
    {
        var names = Texts("c", "d", "e", "f");
        var patches = Gen.Select(names, Texts("i", "j"), Gen.Bool).Array[0, 4].Select(items => new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["containers"] = new JsonArray([.. items.DistinctBy(i => i.Item1).Select(JsonNode (i) => i.Item3
                    ? new JsonObject { ["name"] = i.Item1, ["$patch"] = "delete" }
                    : new JsonObject { ["name"] = i.Item1, ["image"] = i.Item2 })]),
            },
        });
        patches.Sample(patch =>
        {
            var schema = BuiltInSchemas.Kind("v1", "Pod");
            var once = StrategicMergePatch.Apply(Widgets.Parse(Pod), patch, schema);
            return JsonNode.DeepEquals(once, StrategicMergePatch.Apply(once, patch, schema));
        });
    }

    private static Gen<string> Texts(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}

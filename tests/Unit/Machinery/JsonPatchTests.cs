using System.Text.Json.Nodes;
using CsCheck;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class JsonPatchTests
{
    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/a","value":null}]""", """{"a":null}""")]
    [InlineData("""[1,3]""", """[{"op":"add","path":"/1","value":2}]""", "[1,2,3]")]
    [InlineData("""[1]""", """[{"op":"add","path":"/1","value":2},{"op":"add","path":"/-","value":3}]""", "[1,2,3]")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"","value":[]}]""", "[]")]
    [InlineData("""{"a/b":{"c~d":1}}""", """[{"op":"remove","path":"/a~1b/c~0d"}]""", """{"a/b":{}}""")]
    [InlineData("""{"":1}""", """[{"op":"replace","path":"/","value":2}]""", """{"":2}""")]
    [InlineData("""[1,2,3]""", """[{"op":"remove","path":"/1"}]""", "[1,3]")]
    [InlineData("""{"a":{"b":1},"c":{}}""", """[{"op":"move","from":"/a/b","path":"/c/d"}]""", """{"a":{},"c":{"d":1}}""")]
    [InlineData("""[1,2,3]""", """[{"op":"move","from":"/0","path":"/2"}]""", "[2,3,1]")]
    [InlineData("""{"a":[1]}""", """[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/-","value":2}]""", """{"a":[1],"b":[1,2]}""")]
    [InlineData("""{"a":1.0}""", """[{"op":"test","path":"/a","value":1}]""", """{"a":1.0}""")]
    [InlineData("""{"a":{"x":1,"y":2}}""", """[{"op":"test","path":"/a","value":{"y":2,"x":1}}]""", """{"a":{"x":1,"y":2}}""")]
    [InlineData("""{"a":null}""", """[{"op":"test","path":"/a","value":null}]""", """{"a":null}""")]
    public void Operations_do_what_the_rfc_says(string document, string patch, string expected) =>
        Apply(document, patch)!.ToJsonString().ShouldBe(expected);

    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/a","value":"1"}]""", true)]
    [InlineData("""{}""", """[{"op":"test","path":"/a","value":null}]""", true)]
    [InlineData("""{"a":[1,2]}""", """[{"op":"test","path":"/a","value":[2,1]}]""", true)]
    [InlineData("""{}""", """[{"op":"remove","path":"/a"}]""", false)]
    [InlineData("""{}""", """[{"op":"replace","path":"/a","value":1}]""", false)]
    [InlineData("""{}""", """[{"op":"add","path":"/a/b","value":1}]""", false)]
    [InlineData("""[1]""", """[{"op":"add","path":"/2","value":1}]""", false)]
    [InlineData("""[1]""", """[{"op":"add","path":"/01","value":1}]""", false)]
    [InlineData("""[1]""", """[{"op":"replace","path":"/-","value":1}]""", false)]
    [InlineData("""{"a":{}}""", """[{"op":"move","from":"/a","path":"/a/b"}]""", false)]
    [InlineData("""{}""", """[{"op":"add","path":"/a"}]""", false)]
    [InlineData("""{}""", """[{"op":"spam","path":"/a"}]""", false)]
    [InlineData("""{}""", """[{"op":"add","path":"a","value":1}]""", false)]
    [InlineData("""{}""", """{"op":"add"}""", false)]
    public void What_does_not_fit_is_refused_and_a_failed_test_is_told_apart(string document, string patch, bool testFailed) =>
        Should.Throw<JsonPatchException>(() => Apply(document, patch)).TestFailed.ShouldBe(testFailed);

    [Theory]
    [InlineData("""[{"op":"replace","path":"/x/y","value":1}]""", "replace operation does not apply: doc is missing path: /x/y: missing value")]
    [InlineData("""[{"op":"replace","path":"/x","value":1}]""", "replace operation does not apply: doc is missing key: /x: missing value")]
    [InlineData("""[{"op":"remove","path":"/x/y"}]""", "remove operation does not apply: doc is missing path: \"/x/y\": missing value")]
    [InlineData("""[{"op":"remove","path":"/x"}]""", "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value")]
    [InlineData("""[{"op":"remove","path":"/l/7"}]""", "error in remove for path: '/l/7': Unable to access invalid index: 7: invalid index referenced")]
    [InlineData("""[{"op":"add","path":"/x/y","value":1}]""", "add operation does not apply: doc is missing path: \"/x/y\": missing value")]
    [InlineData("""[{"op":"add","path":"/a/y","value":1}]""", "add operation does not apply: doc is missing path: \"/a/y\": missing value")]
    [InlineData("""[{"op":"add","path":"/l/7","value":1}]""", "error in add for path: '/l/7': Unable to access invalid index: 7: invalid index referenced")]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", "testing value /a failed: test failed")]
    [InlineData("""[{"op":"move","from":"/x","path":"/b"}]""", "move operation does not apply: doc is missing from path: /x: missing value")]
    public void A_refusal_is_worded_as_a_real_server_words_it(string patch, string why) =>
        Should.Throw<JsonPatchException>(() => Apply("""{"a":1,"l":[1]}""", patch)).Message.ShouldBe(why);

    [Fact]
    public void A_patch_that_fails_half_way_changes_nothing()
    {
        var document = JsonNode.Parse("""{"a":1}""");
        Should.Throw<JsonPatchException>(
            () => JsonPatch.Apply(document, JsonNode.Parse("""[{"op":"remove","path":"/a"},{"op":"test","path":"/b","value":1}]""")));
        document!.ToJsonString().ShouldBe("""{"a":1}""");
    }

    [Fact]
    public void The_difference_of_two_documents_leads_from_one_to_the_other() =>
        Gen.Select(Documents.Any, Documents.Any).Sample((before, after) =>
            JsonNode.DeepEquals(JsonPatch.Apply(before, JsonPatch.Diff(before, after)), after));

    [Fact]
    public void The_merge_difference_of_two_documents_leads_from_one_to_the_other() =>
        Gen.Select(Documents.Object, Documents.Object).Sample((before, after) =>
        {
            var from = Documents.WithoutNulls(before);
            var to = Documents.WithoutNulls(after);
            return JsonNode.DeepEquals(MergePatch.Apply(from, MergePatch.Diff(from, to)), to);
        });

    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c"]""", """["c"]""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void Merging_does_what_the_rfc_says(string document, string patch, string expected) =>
        MergePatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch))!.ToJsonString().ShouldBe(expected);

    private static JsonNode? Apply(string document, string patch) => JsonPatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch));
}

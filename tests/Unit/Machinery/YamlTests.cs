using System.Text.Json.Nodes;
using CsCheck;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class YamlTests
{
    [Theory]
    [InlineData("on", "true")]
    [InlineData("No", "false")]
    [InlineData("y", "true")]
    [InlineData("0777", "511")]
    [InlineData("0o17", "15")]
    [InlineData("0x1F", "31")]
    [InlineData("0b101", "5")]
    [InlineData("1_000", "1000")]
    [InlineData("089", "89")]
    [InlineData("1e3", "1000")]
    [InlineData("-1.50", "-1.5")]
    [InlineData(".5", "0.5")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("~", null)]
    [InlineData("", null)]
    [InlineData("'on'", "\"on\"")]
    [InlineData("\"0777\"", "\"0777\"")]
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("2020-01-02", "\"2020-01-02\"")]
    [InlineData("1Gi", "\"1Gi\"")]
    [InlineData("1.2.3.4", "\"1.2.3.4\"")]
    [InlineData("0.0.0-0", "\"0.0.0-0\"")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("nope", "\"nope\"")]
    public void Scalars_are_read_as_kubernetes_reads_them(string yaml, string? json) =>
        Yaml.Parse($"v: {yaml}")!["v"]?.ToJsonString().ShouldBe(json);

    [Fact]
    public void A_stream_holds_several_documents_and_empty_ones_do_not_count() =>
        Yaml.ParseAll("# nothing\n---\na: 1\n---\n---\n- b\n...\n").Select(d => d.ToJsonString()).ShouldBe(["""{"a":1}""", """["b"]"""]);

    [Fact]
    public void Anchors_aliases_and_merge_keys_are_resolved() =>
        Yaml.Parse("base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\nsame: *b\n")!.ToJsonString()
            .ShouldBe("""{"base":{"x":1,"z":2},"use":{"z":3,"x":1},"same":{"x":1,"z":2}}""");

    [Fact]
    public void Json_is_yaml() => Yaml.Parse("""{"a":[1,null,"x\n"]}""")!.ToJsonString().ShouldBe("""{"a":[1,null,"x\n"]}""");

    [Fact]
    public void Lists_count_as_their_items() =>
        Yaml.ParseObjects("kind: List\nitems:\n- {kind: A}\n- {kind: B}\n---\nkind: C\n").Select(o => o.Text("kind")).ShouldBe(["A", "B", "C"]);

    [Theory]
    [InlineData("a: 1\nb:\n  c: 1\n  c: 2\n", "line 4, column 3: key \"c\" is already set in this mapping")]
    [InlineData("a: [1, 2\nb: 3\n", "line 1, column 6: after this place")]
    [InlineData("a: b: c\n", "line 1")]
    [InlineData("a: *nowhere\n", "line 1, column 4")]
    [InlineData("a: .inf\n", "line 1, column 4: .inf has no counterpart in JSON")]
    [InlineData("a:\n\tb: 1\n", "line 1, column 1: While scanning a mapping, found invalid tab")]
    public void An_error_says_where(string yaml, string expected) =>
        Should.Throw<YamlSyntaxException>(() => Yaml.ParseAll(yaml)).Message.ShouldStartWith(expected);

    [Fact]
    public void Aliases_of_aliases_cannot_blow_up_a_small_text()
    {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(
            Enumerable.Range(1, 9).Select(i => $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Should.Throw<YamlSyntaxException>(() => Yaml.ParseAll(bomb)).Message.ShouldContain("aliases count");
    }

    [Fact]
    public void Documents_are_written_in_block_style_and_ambiguous_strings_are_quoted() =>
        Yaml.Write(JsonNode.Parse("""{"b":{"list":[{"x":1,"y":"2"},"on"],"none":[],"void":{}},"a":"two\nlines\n","m":null,"t":"1.2.3.4","q":"0777"}"""), sorted: true)
            .ShouldBe("a: |\n  two\n  lines\nb:\n  list:\n  - x: 1\n    \"y\": \"2\"\n  - \"on\"\n  none: []\n  void: {}\nm: null\nq: \"0777\"\nt: 1.2.3.4\n");

    [Fact]
    public void What_is_written_is_read_back_the_same() =>
        Documents.Any.Where(d => d is not null).Sample(d => JsonNode.DeepEquals(Yaml.Parse(Yaml.Write(d)), d), print: d => d!.ToJsonString() + "\n" + Yaml.Write(d));
}

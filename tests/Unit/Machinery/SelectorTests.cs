using System.Text.Json.Nodes;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class SelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "web", ["tier"] = "front", ["n"] = "5", ["empty"] = "" };

    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app == web , tier!=back", true)]
    [InlineData("app in (api, web)", true)]
    [InlineData("app notin (web)", false)]
    [InlineData("other notin (web)", true)]
    [InlineData("other!=x", true)]
    [InlineData("tier,!other", true)]
    [InlineData("!app", false)]
    [InlineData("n>4,n<6", true)]
    [InlineData("n>5", false)]
    [InlineData("empty=", true)]
    [InlineData("other=", false)]
    [InlineData("in=x", false)]
    [InlineData("app in (,web)", true)]
    [InlineData("empty in (web,)", true)]
    public void Queries_select_as_in_kubernetes(string query, bool selected) => LabelSelector.Parse(query).Matches(Labels).ShouldBe(selected);

    [Theory]
    [InlineData("app in web", "unable to parse requirement: found 'web' expected: '('")]
    [InlineData("app=web tier=front", "found 'tier', expected: ',' or 'end of string'")]
    [InlineData("=x", "found '=', expected: !, identifier, or 'end of string'")]
    [InlineData("a!x", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("a in (b", "unable to parse requirement: found '', expected: ',' or ')'")]
    [InlineData("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier")]
    [InlineData("a in ()", "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")]
    [InlineData("!=x", "found '!=', expected: !, identifier, or 'end of string'")]
    [InlineData("a==(", "unable to parse requirement: found '(', expected: identifier")]
    [InlineData("!", "unable to parse requirement: found '', expected: identifier")]
    [InlineData("n>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer")]
    [InlineData("a,", "found '', expected: identifier after ','")]
    public void A_query_that_cannot_be_read_is_refused_in_the_words_of_a_real_server(string query, string why) =>
        Should.Throw<SelectorException>(() => LabelSelector.Parse(query)).Message.ShouldBe(why);

    [Fact]
    public void Objects_select_by_labels_and_expressions()
    {
        Selects("""{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":["front"]},{"key":"x","operator":"DoesNotExist"}]}""").ShouldBeTrue();
        Selects("""{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"NotIn","values":["front"]}]}""").ShouldBeFalse();
        Selects("{}").ShouldBeTrue();
        LabelSelector.FromJson(null).Matches(Labels).ShouldBeFalse();
        Should.Throw<SelectorException>(() => Selects("""{"matchExpressions":[{"key":"a","operator":"In"}]}"""));
        Should.Throw<SelectorException>(() => Selects("""{"matchExpressions":[{"key":"a","operator":"Near","values":["b"]}]}"""));
    }

    [Theory]
    [InlineData("app=web,tier in (back,front),!x,y,n>3,z!=1")]
    public void A_selector_is_written_as_it_is_read(string query) => LabelSelector.Parse(query).ToString().ShouldBe(query);

    [Theory]
    [InlineData("metadata.name=a,status.phase!=Failed", true)]
    [InlineData("metadata.name==a", true)]
    [InlineData("spec.nodeName=", true)]
    [InlineData("spec.n=3", true)]
    [InlineData("status.phase=Failed", false)]
    [InlineData("metadata.name!=a", false)]
    [InlineData("metadata.note=x\\,y\\=z", true)]
    public void Fields_select_by_their_text(string query, bool selected) =>
        FieldSelector.Parse(query)
            .Matches(JsonNode.Parse("""{"metadata":{"name":"a","note":"x,y=z"},"status":{"phase":"Running"},"spec":{"n":3}}"""))
            .ShouldBe(selected);

    [Theory]
    [InlineData("metadata.name")]
    [InlineData("a=b=c")]
    [InlineData("a=\\x")]
    public void A_field_query_that_cannot_be_read_is_refused(string query) =>
        Should.Throw<SelectorException>(() => FieldSelector.Parse(query)).Message.ShouldContain(query);

    [Fact]
    public void A_field_selector_is_written_as_it_is_read()
    {
        FieldSelector.Parse("a=b\\,c,d!=e").ToString().ShouldBe("a=b\\,c,d!=e");
        FieldSelector.Parse("spec.nodeName=n1").Required("spec.nodeName").ShouldBe("n1");
    }

    private static bool Selects(string json) => LabelSelector.FromJson(JsonNode.Parse(json)).Matches(Labels);
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.Expressions;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Expressions;

public sealed class ExpressionTests
{
    private static readonly Dictionary<string, JsonNode?> Variables = new(StringComparer.Ordinal)
    {
        ["object"] = JsonNode.Parse("""{"metadata":{"name":"virt-launcher-x","labels":{"kubevirt.io":"virt-launcher"}},"spec":{"replicas":3,"list":["a","b"]}}"""),
        ["oldObject"] = null,
        ["request"] = JsonNode.Parse("""{"operation":"CREATE","userInfo":{"username":"admin","groups":["system:masters"]},"dryRun":false}"""),
    };

    [Theory]
    [InlineData("object.metadata.name.startsWith('virt-launcher-')", true)]
    [InlineData("!object.metadata.name.endsWith('-y')", true)]
    [InlineData("object.metadata.name.matches('^virt-[a-z]+-x$') && object.spec.replicas >= 3", true)]
    [InlineData("'kubevirt.io' in object.metadata.labels", true)]
    [InlineData("object.metadata.labels['kubevirt.io'] == \"virt-launcher\"", true)]
    [InlineData("has(object.metadata.annotations) && object.metadata.annotations.x == 'y'", false)]
    [InlineData("has(object.spec.list) && size(object.spec.list) == 2 && object.spec.list[1] == 'b'", true)]
    [InlineData("request.operation in ['CREATE', 'UPDATE']", true)]
    [InlineData("oldObject == null || object.spec.replicas != oldObject.spec.replicas", true)]
    [InlineData("object.nope == 1 || true", true)]
    [InlineData("(request.dryRun || request.userInfo.username == 'admin') && true", true)]
    [InlineData("object.spec.list.all(x, x == 'a')", false)]
    [InlineData("object.spec.list.exists(x, x == 'a')", true)]
    [InlineData("object.metadata.labels.all(k, k.startsWith('kubevirt'))", true)]
    [InlineData("object.spec.replicas > 3 ? false : object.spec.list.size() == 2", true)]
    public void An_expression_is_true_or_false(string text, bool expected) => Parse(text).IsTrue(Variables).ShouldBe(expected);

    [Theory]
    [InlineData("object.spec.list.map(x, x)")]
    [InlineData("authorizer.group('').check('x')")]
    [InlineData("variables.x")]
    [InlineData("object.spec.replicas + 1 == 4")]
    [InlineData("true ? false")]
    [InlineData("x == 'a'")]
    [InlineData("object.metadata.name.lowerAscii() == 'x'")]
    [InlineData("")]
    [InlineData("(true")]
    public void What_is_not_understood_is_refused_when_it_is_read(string text) => Should.Throw<FormatException>(() => Parse(text));

    [Fact]
    public void A_missing_field_is_an_error_not_false() =>
        Should.Throw<ExpressionException>(() => Parse("object.nope == 1").IsTrue(Variables)).Message.ShouldBe("no such key: nope");

    private static Expression Parse(string text) => Expression.Parse(text, ["object", "oldObject", "request"]);
}

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
    [InlineData("object.spec.replicas + 2 * 3 - 1 == 8 && -object.spec.replicas < 0 && 7 / 2 == 3 && 7 % 4 == 3", true)]
    [InlineData("7.0 / 2.0 == 3.5 && 3 == 3.0 && 1.5 > 1 && 1e3 > 999", true)]
    [InlineData("object.metadata.name + '/' + string(object.spec.replicas) == 'virt-launcher-x/3'", true)]
    [InlineData("object.spec.list + ['c'] == ['a', 'b', 'c'] && [1, 2] != [2, 1]", true)]
    [InlineData("{'a': 1, 'b': [2]} == {'b': [2.0], 'a': 1.0}", true)]
    [InlineData("int('42') == 42 && int(3.9) == 3 && double(2) == 2.0 && string(true) == 'true'", true)]
    [InlineData("object.spec.list.map(x, x + '!') == ['a!', 'b!']", true)]
    [InlineData("object.spec.list.map(x, x != 'a', x) == ['b']", true)]
    [InlineData("object.spec.list.filter(x, x == 'b')[0] == 'b'", true)]
    [InlineData("object.spec.list.exists_one(x, x == 'a') && ![1, 1].exists_one(x, x == 1)", true)]
    [InlineData("object.spec.list.all(x, object.spec.list.exists(y, y == x))", true)]
    [InlineData("[0, 1].exists(x, 1 / x == 1) && ![0, 1].all(x, 1 / x > 1)", true)]
    [InlineData("object.?spec.?none.orValue('z') == 'z' && object.?spec.replicas.orValue(1) == 3", true)]
    [InlineData("object.metadata.?labels[?'nope'].hasValue() || object.spec.list[?5].orValue('q') != 'q'", false)]
    [InlineData("oldObject.?spec.?x.hasValue()", false)]
    [InlineData("has(object.spec.list) && !has(object.spec.none) && !has(object.?none.x)", true)]
    [InlineData("'Äb'.lowerAscii() == 'Äb' && 'aB'.lowerAscii() == 'ab' && 'aB'.upperAscii() == 'AB' && ' a '.trim() == 'a'", true)]
    [InlineData("'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && ['a', 'b'].join('-') == 'a-b'", true)]
    [InlineData("'aaa'.replace('a', 'b') == 'bbb' && 'aaa'.replace('a', 'b', 2) == 'bba'", true)]
    [InlineData("'abcd'.substring(1, 3) == 'bc' && 'abcd'.substring(2) == 'cd' && 'abab'.indexOf('b') == 1 && 'abab'.lastIndexOf('b') == 3", true)]
    [InlineData("'%s has %d%%'.format([object.metadata.name, 3]) == 'virt-launcher-x has 3%'", true)]
    [InlineData(""" '\\d' == r'\d' && 'it\'s\u0021' == "it's!" """, true)]
    [InlineData("true // a remark\n && !!true", true)]
    [InlineData("'a' == 1 || object.spec == null", false)]
    [InlineData("object.spec.__namespace__ == 'x' || true", true)]
    public void An_expression_is_true_or_false(string text, bool expected) => Parse(text).IsTrue(Variables).ShouldBe(expected);

    [Theory]
    [InlineData("authorizer.group('').check('x')", "authorizer")]
    [InlineData("variables.x", "variables.x")]
    [InlineData("true ? false", "':' expected")]
    [InlineData("x == 'a'", "x")]
    [InlineData("object.metadata.name.charAt(0) == 'x'", "function charAt")]
    [InlineData("quantity('1Gi').isGreaterThan(quantity('1Mi'))", "function quantity")]
    [InlineData("1u == 1", "u")]
    [InlineData("object.?spec == 1", "orValue()")]
    [InlineData("object.?spec", "orValue()")]
    [InlineData("has(object)", "has()")]
    [InlineData("has(object['spec'])", "has()")]
    [InlineData("[1].all(1, true)", "simple name")]
    [InlineData("object.metadata.name.matches('(')", "matches")]
    [InlineData("'\\q' == 'q'", "unescape")]
    [InlineData("99999999999999999999 > 1", "invalid int literal")]
    [InlineData("", "subset")]
    [InlineData("(true", "')' expected")]
    [InlineData("true true", "true")]
    [InlineData("object.spec &", "&")]
    public void What_is_not_understood_is_refused_when_it_is_read(string text, string named) =>
        Should.Throw<FormatException>(() => Parse(text)).Message.ShouldContain(named);

    [Theory]
    [InlineData("object.nope == 1", "no such key: nope")]
    [InlineData("has(object.nope.x)", "no such key: nope")]
    [InlineData("object.spec.list[2] == ''", "index out of bounds: 2")]
    [InlineData("object.spec.replicas + 'x' == ''", "no such overload: '+'")]
    [InlineData("object.spec.replicas + 1.5 == 4.5", "no such overload: '+'")]
    [InlineData("1 / (object.spec.replicas - 3) == 1", "division by zero")]
    [InlineData("9223372036854775807 + 1 > 0", "integer overflow")]
    [InlineData("int('x') == 1", "type conversion error from 'string' to 'int': x")]
    [InlineData("object.?none.value() == 1", "optional.none() dereference")]
    [InlineData("'%d'.format(['x']) == ''", "error during formatting: decimal clause can only be used on integers")]
    [InlineData("'abc'.substring(2, 9) == ''", "index out of range: 9")]
    [InlineData("object.spec.list < 1", "no such overload: text is needed")]
    [InlineData("{'a': 1, 'a': 2}.a == 1", "insert failed: key 'a' already exists")]
    [InlineData("[false, 1].all(x, x || oldObject.y)", "no such key: y")]
    public void What_has_no_value_is_an_error_not_false(string text, string message) =>
        Should.Throw<ExpressionException>(() => Parse(text).IsTrue(Variables)).Message.ShouldBe(message);

    [Fact]
    public void Work_without_end_is_cut_off()
    {
        var many = "[" + string.Join(",", Enumerable.Range(0, 200)) + "]";
        Should.Throw<ExpressionException>(() => Parse($"{many}.all(a, {many}.all(b, {many}.all(c, a + b + c >= 0)))").IsTrue(Variables))
            .Message.ShouldBe("operation cancelled: actual cost limit exceeded");
        var twice = string.Concat(Enumerable.Repeat("[1, 2].map(x, ", 30)) + "'xxxxxxxxxxxxxxxxxxxx'" + string.Concat(Enumerable.Repeat(")", 30));
        Should.Throw<ExpressionException>(() => Parse($"size({twice}) > 0").IsTrue(Variables)).Message.ShouldBe("operation cancelled: actual cost limit exceeded");
    }

    [Fact]
    public void What_nests_without_end_is_refused()
    {
        Should.Throw<FormatException>(() => Parse(new string('(', 5000) + "true" + new string(')', 5000))).Message.ShouldBe("expression recursion limit exceeded: 100");
        Should.Throw<FormatException>(() => Parse(string.Concat(Enumerable.Repeat("1 + ", 5000)) + "1 > 0")).Message.ShouldBe("the expression nests deeper than 400");
        Parse(string.Concat(Enumerable.Repeat("true && ", 5000)) + new string('!', 5000) + "true").IsTrue(Variables).ShouldBeTrue();
        Should.Throw<FormatException>(() => Parse(new string(' ', 100_001))).Message.ShouldStartWith("expression code point size exceeds limit");
    }

    [Fact]
    public void A_definition_without_a_value_matters_to_those_who_ask_for_it()
    {
        var scope = new ExpressionScope(Variables);
        scope.Define("variables.twice", Parse("object.spec.replicas * 2"));
        scope.Define("variables.bad", Parse("object.nope"));
        string[] names = ["object", "variables.twice", "variables.bad"];
        Expression.Parse("variables.twice == 6 && (true || variables.bad)", names).IsTrue(scope).ShouldBeTrue();
        Should.Throw<ExpressionException>(() => Expression.Parse("variables.bad == 1", names).IsTrue(scope))
            .Message.ShouldBe("composited variable \"bad\" fails to evaluate: no such key: nope");
    }

    [Theory]
    [InlineData("1 + 1", ExpressionKind.Number)]
    [InlineData("'a' + 'b'", ExpressionKind.Text)]
    [InlineData("object.spec == 1 && true", ExpressionKind.Boolean)]
    [InlineData("object.spec.list.map(x, x)", ExpressionKind.List)]
    [InlineData("object.spec", ExpressionKind.Any)]
    [InlineData("true ? 'a' : 'b'", ExpressionKind.Text)]
    public void What_an_expression_gives_shows_from_its_text(string text, ExpressionKind kind) => Parse(text).Kind.ShouldBe(kind);

    private static Expression Parse(string text) => Expression.Parse(text, ["object", "oldObject", "request"]);
}

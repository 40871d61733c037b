using Godwit.LocalCluster.Admission;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.Unit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Admission;

public sealed class PolicyEvaluationTests
{
    private static string Found(string spec, AdmissionRequest request, string? @params = null) => string.Join(" | ", PolicyEvaluation.Findings(
        Policies.Policy(spec), request, request.Version, @params is null ? null : Widgets.Parse(@params), Widgets.Parse("""{"metadata":{"labels":{"stage":"test"}}}"""))
        .Select(f => $"{f.Reason}: {f.Message}"));

    [Theory]
    [InlineData("""{"expression":"false","message":" no "}""", "Invalid: no")]
    [InlineData("""{"expression":"false","message":"no","reason":"Forbidden"}""", "Forbidden: no")]
    [InlineData("""{"expression":" object.data.a == 'b' "}""", "Invalid: failed expression: object.data.a == 'b'")]
    [InlineData("""{"expression":"false","message":"no","messageExpression":"'a is ' + object.data.a"}""", "Invalid: a is x")]
    [InlineData("""{"expression":"false","message":"no","messageExpression":"object.data.b"}""", "Invalid: no")]
    [InlineData("""{"expression":"false","message":"no","messageExpression":"'  '"}""", "Invalid: no")]
    [InlineData("""{"expression":"false","message":"no","messageExpression":"'a\\nb'"}""", "Invalid: no")]
    [InlineData("""{"expression":"false","messageExpression":"object.data"}""", "Invalid: failed expression: false")]
    [InlineData("""{"expression":"object.data.b == 'x'"}""", "Invalid: expression 'object.data.b == 'x'' resulted in error: no such key: b")]
    [InlineData("""{"expression":"object.data"}""", "Invalid: expression 'object.data' resulted in error: expression 'object.data' is not a truth value")]
    [InlineData("""{"expression":"oldObject == null && params == null && request.operation == 'CREATE' && request.kind.kind == 'ConfigMap'"}""", "", "\"paramKind\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"},")]
    [InlineData("""{"expression":"namespaceObject.metadata.labels.stage == 'test' && request.userInfo.username == 'admin' && !has(request.object)"}""", "")]
    [InlineData("""{"expression":"false","message":"1"},{"expression":"true"},{"expression":"false","message":"2"}""", "Invalid: 1 | Invalid: 2")]
    public void A_validation_says_what_it_has_against_a_request(string validations, string found, string more = "") =>
        Found($"{more}\"validations\":[{validations}]", Policies.Request("""{"data":{"a":"x"}}""")).ShouldBe(found);

    [Theory]
    [InlineData("""[{"name":"a","expression":"true"}]""", "Fail", "Invalid: no")]
    [InlineData("""[{"name":"a","expression":"true"},{"name":"b","expression":"object.data.a != 'x'"}]""", "Fail", "")]
    [InlineData("""[{"name":"a","expression":"object.none == 1"},{"name":"b","expression":"false"}]""", "Fail", "")]
    [InlineData("""[{"name":"a","expression":"object.none == 1"},{"name":"b","expression":"true"}]""", "Fail", "Invalid: expression 'object.none == 1' resulted in error: no such key: none")]
    [InlineData("""[{"name":"a","expression":"object.none == 1"}]""", "Ignore", "")]
    public void A_request_is_judged_only_when_all_conditions_hold(string conditions, string failurePolicy, string found) => Found(
        $$"""
        "failurePolicy":"{{failurePolicy}}","matchConditions":{{conditions}},"validations":[{"expression":"false","message":"no"}]
        """,
        Policies.Request("""{"data":{"a":"x"}}""")).ShouldBe(found);

    [Fact]
    public void What_has_no_value_is_passed_over_where_failures_are_ignored_but_what_is_false_is_not() => Found(
        """
        "failurePolicy":"Ignore","validations":[{"expression":"object.none == 1"},{"expression":"false","message":"no"}]
        """,
        Policies.Request("{}")).ShouldBe("Invalid: no");

    [Fact]
    public void Variables_build_on_one_another_and_are_known_to_messages() => Found(
        """
        "variables":[{"name":"keys","expression":"object.data.map(k, k)"},{"name":"count","expression":"size(variables.keys)"},{"name":"unused","expression":"object.none"}],
        "validations":[{"expression":"variables.count < 2","messageExpression":"string(variables.count) + ' keys: ' + variables.keys.join(' ')"}]
        """,
        Policies.Request("""{"data":{"a":"x","b":"y"}}""")).ShouldBe("Invalid: 2 keys: a b");

    [Fact]
    public void The_parameter_is_what_the_binding_hands_over() => Found(
        """
        "paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"validations":[{"expression":"size(object.data) <= int(params.data.most)","message":"too many"}]
        """,
        Policies.Request("""{"data":{"a":"x","b":"y"}}"""), """{"data":{"most":"1"}}""").ShouldBe("Invalid: too many");

    [Fact]
    public void All_expressions_of_a_policy_share_one_budget()
    {
        const string many = "[0,1,2,3,4,5,6,7,8,9]";
        var costly = $"{many}.all(a, {many}.all(b, {many}.all(c, {many}.all(d, {many}.all(e, true)))))";
        var validations = string.Join(",", Enumerable.Repeat($$"""{"expression":"{{costly}}"}""", 6));
        Found($"\"validations\":[{validations}]", Policies.Request("{}")).ShouldContain("resulted in error: operation cancelled: actual cost limit exceeded");
        Found($"\"validations\":[{{\"expression\":\"{costly}\"}}]", Policies.Request("{}")).ShouldBe("");
    }

    [Theory]
    [InlineData("Unauthorized", 401)]
    [InlineData("Forbidden", 403)]
    [InlineData("RequestEntityTooLarge", 413)]
    [InlineData("Invalid", 422)]
    public void A_refusal_has_the_code_of_its_reason_and_names_policy_and_binding(string reason, int code)
    {
        var error = ValidatingPolicies.Denied(
            Policies.Policy("\"validations\":[]"),
            PolicyBinding.Read(Policies.Binding("""{"policyName":"p","validationActions":["Deny"]}""")),
            new PolicyFinding("no", reason),
            Policies.Request("{}"));
        error.Code.ShouldBe(code);
        error.Reason.ShouldBe(reason);
        error.Message.ShouldBe("configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no");
        error.Details!.ToJsonString().ShouldBe(
            """{"name":"x","kind":"configmaps","causes":[{"message":"ValidatingAdmissionPolicy \u0027p\u0027 with binding \u0027b\u0027 denied request: no"}]}""");
    }

    [Fact]
    public void Who_asks_for_a_generated_name_is_told_its_beginning() => ValidatingPolicies.Denied(
        Policies.Policy("\"validations\":[]"),
        PolicyBinding.Read(Policies.Binding("{}")),
        PolicyFinding.Failure("no"),
        Policies.Request("""{"metadata":{"generateName":"x-"}}""", name: "")).Message.ShouldStartWith("configmaps \"x-\" is forbidden");
}

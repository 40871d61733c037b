using Godwit.LocalCluster.Admission;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Admission;

public sealed class PolicyStrategyTests
{
    private const string True = "\"validations\":[{\"expression\":\"true\"}]";

    private static readonly WriteContext Context =
        new(Policies.ConfigMaps, Policies.ConfigMaps.Versions[0], null, "", "p", UserInfo.System, false, null!, TimeProvider.System);

    public static TheoryData<string, string> Refused { get; } = new()
    {
        { """ "validations":[{"expression":"authorizer.group('').resource('pods').check('get').allowed()"}] """, "spec.validations[0].expression: Invalid value: \"authorizer.group('').resource('pods').check('get').allowed()\": compilation failed: this server's subset of CEL does not know: authorizer" },
        { """ "validations":[{"expression":"params.x == 1"}] """, "spec.validations[0].expression: Invalid value: \"params.x == 1\": compilation failed: this server's subset of CEL does not know: params" },
        { """ "validations":[{"expression":"'a' + 'b'"}] """, "spec.validations[0].expression: Invalid value: \"'a' + 'b'\": must evaluate to bool" },
        { """ "validations":[{"expression":" "}] """, "spec.validations[0].expression: Required value: expression is not specified" },
        { """ "validations":[{"expression":"true","messageExpression":"1 + 1"}] """, "spec.validations[0].messageExpression: Invalid value: \"1 + 1\": must evaluate to string" },
        { """ "validations":[{"expression":"true","messageExpression":" "}] """, "spec.validations[0].messageExpression: Invalid value: \" \": must be non-empty if specified" },
        { """ "validations":[{"expression":"true","message":" "}] """, "spec.validations[0].message: Invalid value: \" \": message must be non-empty if specified" },
        { """ "validations":[{"expression":"true","message":"a\nb"}] """, "spec.validations[0].message: Invalid value: \"a\\nb\": message must not contain line breaks" },
        { """ "validations":[{"expression":"true","reason":"Gone"}] """, "spec.validations[0].reason: Unsupported value: \"Gone\": supported values: \"Forbidden\", \"Invalid\", \"RequestEntityTooLarge\", \"Unauthorized\"" },
        { """ "validations":[] """, "spec.validations: Required value: validations or auditAnnotations must contain at least one item; spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item" },
        { """ "variables":[{"name":"a-b","expression":"1"}], """ + True, "spec.variables[0].name: Invalid value: \"a-b\": name is not a valid CEL identifier" },
        { """ "variables":[{"name":"a","expression":"variables.b"},{"name":"b","expression":"1"}], """ + True, "spec.variables[0].expression: Invalid value: \"variables.b\": compilation failed: this server's subset of CEL does not know: variables.b" },
        { """ "matchConditions":[{"name":"a","expression":"variables.b"}],"variables":[{"name":"b","expression":"true"}], """ + True, "spec.matchConditions[0].expression: Invalid value: \"variables.b\": compilation failed: this server's subset of CEL does not know: variables.b" },
        { """ "matchConditions":[{"name":"a","expression":"request.name"},{"name":"b","expression":"1"}], """ + True, "spec.matchConditions[1].expression: Invalid value: \"1\": must evaluate to bool" },
        { """ "paramKind":{"apiVersion":"a/b/c","kind":""}, """ + True, "spec.paramKind.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c; spec.paramKind.kind: Required value" },
        { """ "auditAnnotations":[{"key":"k","valueExpression":"1"},{"key":"k","valueExpression":"'x'"}] """, "spec.auditAnnotations[0].valueExpression: Invalid value: \"1\": must evaluate to string; spec.auditAnnotations[1].key: Duplicate value: \"k\"" },
        { """ "matchConstraints":{"resourceRules":[]}, """ + True, "spec.matchConstraints.resourceRules: Required value" },
        { """ "matchConstraints":{"resourceRules":[{"apiGroups":["*","a"],"apiVersions":["v1"],"operations":["GET"],"resources":["*","pods"],"scope":"All"}]}, """ + True, "spec.matchConstraints.resourceRules[0].operations[0]: Unsupported value: \"GET\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"DELETE\", \"UPDATE\"; spec.matchConstraints.resourceRules[0].apiGroups: Invalid value: [\"*\",\"a\"]: if '*' is present, must not specify other API groups; spec.matchConstraints.resourceRules[0].resources: Invalid value: [\"*\",\"pods\"]: if '*' is present, must not specify other resources without subresources; spec.matchConstraints.resourceRules[0].scope: Unsupported value: \"All\": supported values: \"*\", \"Cluster\", \"Namespaced\"" },
        { """ "matchConstraints":{"resourceRules":[{"operations":["*"]}]}, """ + True, "spec.matchConstraints.resourceRules[0].apiGroups: Required value; spec.matchConstraints.resourceRules[0].apiVersions: Required value; spec.matchConstraints.resourceRules[0].resources: Required value" },
    };

    public static TheoryData<string, string> RefusedBindings { get; } = new()
    {
        { """{"validationActions":["Deny"]}""", "spec.policyName: Required value" },
        { """{"policyName":"p"}""", "spec.validationActions: Required value: at least one validation action is required" },
        { """{"policyName":"p","validationActions":["Deny","Warn"]}""", "spec.validationActions: Invalid value: [\"Deny\",\"Warn\"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)" },
        { """{"policyName":"p","validationActions":["Block","Deny","Deny"]}""", "spec.validationActions[0]: Unsupported value: \"Block\": supported values: \"Audit\", \"Deny\", \"Warn\"; spec.validationActions[2]: Duplicate value: \"Deny\"" },
        { """{"policyName":"p","validationActions":["Audit"],"paramRef":{"parameterNotFoundAction":"Deny"}}""", "spec.paramRef: Required value: one of name or selector must be specified" },
        { """{"policyName":"p","validationActions":["Audit"],"paramRef":{"name":"a","selector":{}}}""", "spec.paramRef.name: Forbidden: name and selector are mutually exclusive; spec.paramRef.selector: Forbidden: name and selector are mutually exclusive; spec.paramRef.parameterNotFoundAction: Required value" },
        { """{"policyName":"p","validationActions":["Audit"],"paramRef":{"name":"a","parameterNotFoundAction":"Skip"}}""", "spec.paramRef.parameterNotFoundAction: Unsupported value: \"Skip\": supported values: \"Deny\", \"Allow\"" },
        { """{"policyName":"p","validationActions":["Warn","Audit"],"matchResources":{"excludeResourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["pods"],"resourceNames":["a/b"]}]}}""", "spec.matchResouces.excludeResourceRules[0].resourceNames[0]: Invalid value: \"a/b\": may not contain '/'" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_policy_that_could_not_be_carried_out_is_refused(string spec, string errors) =>
        string.Join("; ", new PolicyStrategy().Validate(Context, Policies.Document(spec))).ShouldBe(errors);

    [Theory]
    [MemberData(nameof(RefusedBindings))]
    public void A_binding_that_could_not_be_carried_out_is_refused(string spec, string errors) =>
        string.Join("; ", new PolicyBindingStrategy().Validate(Context, Policies.Binding(spec))).ShouldBe(errors);

    [Fact]
    public void What_is_left_out_is_filled_in()
    {
        Policies.Document(True)["spec"]!.ToJsonString().ShouldBe(
            """{"validations":[{"expression":"true"}],"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["configmaps"],"scope":"*"}],"matchPolicy":"Equivalent","namespaceSelector":{},"objectSelector":{}},"failurePolicy":"Fail"}""");
        Policies.Binding("""{"matchResources":{}}""")["spec"]!.ToJsonString().ShouldBe("""{"matchResources":{"matchPolicy":"Equivalent","namespaceSelector":{},"objectSelector":{}}}""");
    }

    [Fact]
    public void A_word_that_is_not_known_is_refused_by_the_schema()
    {
        var provider = BuiltInSchemas.Provider("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")!;
        provider.Validate(Policies.Document("\"failurePolicy\":\"Maybe\"," + True), null).Select(e => e.ToString())
            .ShouldBe(["spec.failurePolicy: Unsupported value: \"Maybe\": supported values: \"Fail\", \"Ignore\""]);
        provider.Validate(Policies.Document("\"validations\":[{\"message\":\"x\"}]"), null).Select(e => e.ToString())
            .ShouldBe(["spec.validations[0].expression: Required value"]);
    }
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Answers to those who ask what they or others may do.</summary>
internal static class AccessReviews
{
    private const string One = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    private const string Group = "authorization.k8s.io";

    /// <summary>The status of a SelfSubjectAccessReview, SubjectAccessReview or LocalSubjectAccessReview.</summary>
    public static JsonObject Answer(RolePolicy policy, UserInfo caller, string kind, string ns, JsonObject review)
    {
        var errors = Check(kind, ns, review).ToList();
        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid(Group, kind, review.Name(), errors);
        }

        var spec = review["spec"];
        var user = kind == "SelfSubjectAccessReview" ? caller : new UserInfo(spec.Text("user") ?? "", Texts(spec.At("groups")), spec.Text("uid") ?? "");
        var decision = policy.Decide(user, Attributes(spec));
        var status = new JsonObject { ["allowed"] = decision.Allowed };
        if (decision.Reason.Length > 0)
        {
            status["reason"] = decision.Reason;
        }

        return status;
    }

    /// <summary>The status of a SelfSubjectRulesReview: all rules of a user in a namespace.</summary>
    public static JsonObject Rules(RolePolicy policy, UserInfo user, JsonObject review)
    {
        if (review.Text("spec", "namespace") is not { Length: > 0 } ns)
        {
            throw ApiErrors.BadRequest("no namespace on request");
        }

        var rules = policy.RulesOf(user, ns);
        return new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules.Where(static r => r.Resources.Count > 0).Select(static JsonNode (r) => (r with { NonResourceUrls = [] }).ToJson())]),
            ["nonResourceRules"] = new JsonArray(
                [.. rules.Where(static r => r.NonResourceUrls.Count > 0).Select(static JsonNode (r) => new PolicyRule { Verbs = r.Verbs, NonResourceUrls = r.NonResourceUrls }.ToJson())]),
            ["incomplete"] = false,
        };
    }

    /// <summary>What a review asks about.</summary>
    public static AccessAttributes Attributes(JsonNode? spec) => spec.At("nonResourceAttributes") is { } path
        ? new AccessAttributes { Verb = path.Text("verb") ?? "", Path = path.Text("path") ?? "" }
        : new AccessAttributes
        {
            Verb = spec.Text("resourceAttributes", "verb") ?? "",
            Group = spec.Text("resourceAttributes", "group") ?? "",
            Resource = spec.Text("resourceAttributes", "resource") ?? "",
            Subresource = spec.Text("resourceAttributes", "subresource") ?? "",
            Namespace = spec.Text("resourceAttributes", "namespace") ?? "",
            Name = spec.Text("resourceAttributes", "name") ?? "",
        };

    private static IEnumerable<FieldError> Check(string kind, string ns, JsonObject review)
    {
        var (spec, self) = (review["spec"], kind == "SelfSubjectAccessReview");
        var (resource, path) = (spec.At("resourceAttributes"), spec.At("nonResourceAttributes"));
        if (resource is not null && path is not null)
        {
            yield return FieldError.Invalid("spec.nonResourceAttributes", "\"null\"", "cannot be specified in combination with resourceAttributes");
        }

        if (resource is null && path is null)
        {
            yield return FieldError.Invalid("spec.resourceAttributes", "\"null\"", One);
        }

        if (!self && string.IsNullOrEmpty(spec.Text("user")) && Texts(spec.At("groups")).Count == 0)
        {
            yield return FieldError.Invalid("spec.user", "\"\"", "at least one of user or group must be specified");
        }

        if (kind != "LocalSubjectAccessReview")
        {
            yield break;
        }

        if (resource is not null && (resource.Text("namespace") ?? "") is var wanted && wanted != ns)
        {
            yield return FieldError.Invalid("spec.resourceAttributes.namespace", RuleCoverage.Quoted(wanted), "must match metadata.namespace");
        }

        if (path is not null)
        {
            yield return FieldError.Invalid("spec.nonResourceAttributes", Schema.JsonKinds.Show(path), "disallowed on this kind of request");
        }
    }

    private static List<string> Texts(JsonNode? list) => [.. (list as JsonArray ?? []).Select(static t => t.Text() ?? "")];
}

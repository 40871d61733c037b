using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Expressions;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Refuses policies that could not be carried out: an expression that is not understood is never skipped.</summary>
public sealed partial class PolicyStrategy : ResourceStrategy
{
    private const int MaxAuditAnnotations = 20;
    private const int MaxAuditExpression = 5 * 1024;
    private const string AtLeastOne = "validations or auditAnnotations must contain at least one item";

    private static readonly string[] Reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];

    public override bool CountsGeneration => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj) => obj["status"] = new JsonObject();

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        if (context.Subresource is not null)
        {
            return [];
        }

        var spec = obj["spec"] as JsonObject ?? [];
        return
        [
            .. spec["paramKind"] is { } kind ? Param(kind, "spec.paramKind") : [],
            .. Constraints(spec["matchConstraints"]),
            .. ExpressionRules.Conditions(spec["matchConditions"], "spec.matchConditions", AdmissionPolicy.ForConditions(spec)),
            .. Expressions(obj, spec),
        ];
    }

    private static IEnumerable<FieldError> Param(JsonNode kind, string path)
    {
        var apiVersion = kind.Text("apiVersion") ?? "";
        if (apiVersion.Length == 0)
        {
            yield return FieldError.Required($"{path}.apiVersion");
        }
        else if (apiVersion.Count(c => c == '/') > 1)
        {
            yield return FieldError.Invalid($"{path}.apiVersion", $"\"{apiVersion}\"", $"unexpected GroupVersion string: {apiVersion}");
        }
        else if (apiVersion.EndsWith('/'))
        {
            yield return FieldError.Invalid($"{path}.apiVersion", $"\"{apiVersion}\"", "version must be specified");
        }

        if (kind.Text("kind") is not { Length: > 0 })
        {
            yield return FieldError.Required($"{path}.kind");
        }
    }

    private static IEnumerable<FieldError> Constraints(JsonNode? constraints)
    {
        const string path = "spec.matchConstraints";
        if (constraints is null)
        {
            return [FieldError.Required(path)];
        }

        var errors = MatchRules.Check(constraints, path);
        return constraints["resourceRules"] is JsonArray { Count: > 0 } ? errors : errors.Append(FieldError.Required($"{path}.resourceRules"));
    }

    private static List<FieldError> Expressions(JsonObject policy, JsonObject spec)
    {
        var errors = new List<FieldError>();
        var names = AdmissionPolicy.ForVariables(spec).ToList();
        foreach (var (variable, i) in Objects(spec["variables"]))
        {
            Variable(variable, $"spec.variables[{i}]", names, errors);
        }

        var validations = Objects(spec["validations"]).ToList();
        var annotations = Objects(spec["auditAnnotations"]).ToList();
        if (validations.Count == 0 && annotations.Count == 0)
        {
            errors.Add(FieldError.Required("spec.validations", AtLeastOne));
            errors.Add(FieldError.Required("spec.auditAnnotations", AtLeastOne));
        }

        foreach (var (validation, i) in validations)
        {
            Validation(validation, $"spec.validations[{i}]", names, errors);
        }

        if (annotations.Count > MaxAuditAnnotations)
        {
            errors.Add(FieldError.Invalid("spec.auditAnnotations", JsonKinds.Show(spec["auditAnnotations"]), $"must not have more than {MaxAuditAnnotations} auditAnnotations"));
        }

        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (annotation, i) in annotations)
        {
            Annotation(annotation, $"spec.auditAnnotations[{i}]", policy.Text("metadata", "name") ?? "", keys, names, errors);
        }

        return errors;
    }

    private static void Variable(JsonObject variable, string path, List<string> names, List<FieldError> errors)
    {
        var name = variable.Text("name") ?? "";
        if (name.Length > 0 && !Identifier().IsMatch(name))
        {
            errors.Add(FieldError.Invalid($"{path}.name", $"\"{name}\"", "name is not a valid CEL identifier"));
        }

        Add(errors, Required(variable, "expression", path, names));
        names.Add($"variables.{name}");
    }

    private static void Validation(JsonObject validation, string path, List<string> names, List<FieldError> errors)
    {
        Add(errors, Required(validation, "expression", path, names, ExpressionKind.Boolean));
        if (validation.Text("messageExpression") is { Length: > 0 } words)
        {
            Add(errors, string.IsNullOrWhiteSpace(words)
                ? ExpressionRules.Invalid($"{path}.messageExpression", words, "must be non-empty if specified")
                : ExpressionRules.Check(words, $"{path}.messageExpression", names, ExpressionKind.Text));
        }

        if (validation.Text("message") is { Length: > 0 } message)
        {
            Add(errors, string.IsNullOrWhiteSpace(message) ? ExpressionRules.Invalid($"{path}.message", message, "message must be non-empty if specified")
                : message.Trim().AsSpan().ContainsAny('\n', '\r') ? ExpressionRules.Invalid($"{path}.message", message, "message must not contain line breaks")
                : null);
        }

        if (validation.Text("reason") is { } reason && !Reasons.Contains(reason))
        {
            errors.Add(FieldError.NotSupported($"{path}.reason", $"\"{reason}\"", Reasons));
        }
    }

    // There is no audit log to write them into; what could not be evaluated is refused all the same.
    private static void Annotation(JsonObject annotation, string path, string policy, HashSet<string> keys, List<string> names, List<FieldError> errors)
    {
        var key = annotation.Text("key") ?? "";
        errors.AddRange(MetadataRules.KeyProblems($"{policy}/{key}").Select(p => FieldError.Invalid($"{path}.key", $"\"{policy}/{key}\"", p)));
        if ((annotation.Text("valueExpression") ?? "").Trim().Length > MaxAuditExpression)
        {
            errors.Add(FieldError.Required($"{path}.valueExpression", $"must not exceed {MaxAuditExpression} bytes in length"));
        }
        else
        {
            Add(errors, Required(annotation, "valueExpression", path, names, ExpressionKind.Text, ExpressionKind.Null));
        }

        if (!keys.Add(key))
        {
            errors.Add(FieldError.Duplicate($"{path}.key", $"\"{key}\""));
        }
    }

    // One that is empty or missing has been found by the schema.
    private static FieldError? Required(JsonObject owner, string field, string path, List<string> names, params ReadOnlySpan<ExpressionKind> wanted) => owner.Text(field) switch
    {
        null or "" => null,
        var text when string.IsNullOrWhiteSpace(text) => FieldError.Required($"{path}.{field}", $"{field} is not specified"),
        var text => ExpressionRules.Check(text, $"{path}.{field}", names, wanted),
    };

    private static void Add(List<FieldError> errors, FieldError? error)
    {
        if (error is not null)
        {
            errors.Add(error);
        }
    }

    private static IEnumerable<(JsonObject Object, int Index)> Objects(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonObject>().Select((o, i) => (o, i));

    [GeneratedRegex("^[_a-zA-Z][_a-zA-Z0-9]*\\z", RegexOptions.NonBacktracking)]
    private static partial Regex Identifier();
}

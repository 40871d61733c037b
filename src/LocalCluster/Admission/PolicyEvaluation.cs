using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Expressions;

namespace Godwit.LocalCluster.Admission;

/// <summary>What a policy has against a request that it is about.</summary>
internal static class PolicyEvaluation
{
    /// <param name="policy">The policy.</param>
    /// <param name="request">The request.</param>
    /// <param name="version">The version in which the policy wants to see the objects.</param>
    /// <param name="params">The object that a binding hands it; null for none.</param>
    /// <param name="ns">The namespace of the request; null for requests outside of any.</param>
    public static IReadOnlyList<PolicyFinding> Findings(AdmissionPolicy policy, AdmissionRequest request, ResourceVersionInfo version, JsonObject? @params, JsonObject? ns)
    {
        var scope = new ExpressionScope(new Dictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["object"] = Seen(request.Object, request, version),
            ["oldObject"] = Seen(request.OldObject, request, version),
            ["request"] = AdmissionReview.Attributes(request, version),
            ["params"] = @params,
            ["namespaceObject"] = ns,
        });
        switch (policy.Conditions.Hold(scope, out var problem))
        {
            case false:
                return [];
            case null:
                return policy.IgnoresFailure ? [] : [PolicyFinding.Failure(Failed(problem.Expression, problem.Why))];
        }

        foreach (var (name, expression) in policy.Variables)
        {
            scope.Define(name, expression);
        }

        return [.. policy.Validations.Select(v => Judge(v, scope, policy.IgnoresFailure)).OfType<PolicyFinding>()];
    }

    private static PolicyFinding? Judge(PolicyValidation validation, ExpressionScope scope, bool ignoresFailure)
    {
        try
        {
            return validation.Expression.IsTrue(scope) ? null : new PolicyFinding(Message(validation, scope), validation.Reason);
        }
        catch (ExpressionException e)
        {
            return ignoresFailure ? null : PolicyFinding.Failure(Failed(validation.Expression.Text, e.Message));
        }
    }

    /// <summary>The expression's words when it gives one line of them, else the fixed message, else the demand itself.</summary>
    private static string Message(PolicyValidation validation, ExpressionScope scope)
    {
        var said = validation.MessageExpression?.Line(scope) ?? "";
        return said.Length > 0 ? said
            : validation.Message.Length > 0 ? validation.Message
            : $"failed expression: {validation.Expression.Text.Trim()}";
    }

    private static JsonObject? Seen(JsonObject? obj, AdmissionRequest request, ResourceVersionInfo version) =>
        version == request.Version ? obj : AdmissionReview.InVersion(obj, request, version);

    private static string Failed(string expression, string why) => $"expression '{expression}' resulted in error: {why}";
}

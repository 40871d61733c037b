using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Expressions;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Schema;

/// <summary>One of a schema's <c>x-kubernetes-validations</c>: what must be true of a value, or of its change.</summary>
/// <param name="Rule">Over <c>self</c> and, for changes, <c>oldSelf</c>.</param>
/// <param name="Message">What the error says.</param>
/// <param name="FieldPath">The field below the value that the error names, <c>.size</c> for instance; empty for the value itself.</param>
/// <param name="Reason">One of FieldValueInvalid, FieldValueForbidden, FieldValueRequired, FieldValueDuplicate.</param>
public sealed record ValidationRule(Expression Rule, string Message, string FieldPath, string Reason)
{
    private static readonly string[] Variables = ["self", "oldSelf"];

    /// <summary>What gives the words of the error, before <see cref="Message"/>; null for none.</summary>
    public Expression? MessageExpression { get; private init; }

    /// <summary>Whether it is about a change: then it holds nothing against a value that is new.</summary>
    public bool IsTransition { get; } = Rule.Uses("oldSelf");

    /// <summary>Reads one entry of the list.</summary>
    /// <exception cref="FormatException">The rule is not understood.</exception>
    public static ValidationRule Parse(JsonObject entry)
    {
        if (entry.Flag("optionalOldSelf") == true)
        {
            // Without it the rule would be passed over for what is new.
            throw new FormatException("this server does not know optionalOldSelf: leave it out, or write two rules");
        }

        var rule = entry.Text("rule") ?? "";
        var expression = Expression.Parse(rule, Variables);
        if (expression.Kind is not (ExpressionKind.Any or ExpressionKind.Boolean))
        {
            throw new FormatException("cel expression must evaluate to a bool");
        }

        return new ValidationRule(
            expression,
            entry.Text("message") ?? $"failed rule: {rule.Trim()}",
            entry.Text("fieldPath") ?? "",
            entry.Text("reason") ?? "FieldValueInvalid")
        {
            MessageExpression = entry.Text("messageExpression") is { Length: > 0 } message ? Expression.Parse(message, Variables) : null,
        };
    }

    /// <summary>The error of this value; null when the rule holds, or does not apply.</summary>
    public FieldError? Check(JsonNode value, JsonNode? old, string path)
    {
        if (IsTransition && old is null)
        {
            return null;
        }

        try
        {
            var scope = new ExpressionScope(new Dictionary<string, JsonNode?>(StringComparer.Ordinal) { ["self"] = value, ["oldSelf"] = old });
            return Rule.IsTrue(scope) ? null : Error(path, MessageExpression?.Line(scope) is { Length: > 0 } line ? line : Message);
        }
        catch (ExpressionException e)
        {
            return Error(path, $"{e.Message} evaluating rule: {Message}");
        }
    }

    private FieldError Error(string path, string message)
    {
        var field = (path + FieldPath).TrimStart('.');
        return new FieldError(field.Length == 0 ? "<nil>" : field, Reason, Reason switch
        {
            "FieldValueForbidden" => "Forbidden: " + message,
            "FieldValueRequired" => "Required value: " + message,
            "FieldValueDuplicate" => "Duplicate value: " + message,
            _ => "Invalid value: " + message,
        });
    }
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.Expressions;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>One thing that a policy demands.</summary>
/// <param name="Expression">What must be true.</param>
/// <param name="Message">What is said when it is not; empty for none.</param>
/// <param name="MessageExpression">What gives that, before <paramref name="Message"/>.</param>
/// <param name="Reason">The reason of the answer: Unauthorized, Forbidden, Invalid or RequestEntityTooLarge.</param>
internal sealed record PolicyValidation(Expression Expression, string Message, Expression? MessageExpression, string Reason)
{
    public static PolicyValidation Read(JsonObject validation, IReadOnlyCollection<string> names) => new(
        Expression.Parse(validation.Text("expression") ?? "", names),
        (validation.Text("message") ?? "").Trim(),
        validation.Text("messageExpression") is { Length: > 0 } message ? Expression.Parse(message, names) : null,
        validation.Text("reason") ?? "Invalid");
}

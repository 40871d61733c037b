using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>A function of a text.</summary>
/// <param name="Gives">What it gives.</param>
/// <param name="Apply">Applies it to a text and its arguments.</param>
internal sealed record TextFunction(ExpressionKind Gives, Func<Frame, string, IReadOnlyList<JsonNode?>, JsonNode?> Apply);

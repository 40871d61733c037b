using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>The scope with the names that macros bind (<c>list.all(x, …)</c>), innermost first.</summary>
internal sealed class Frame(ExpressionScope scope, Frame? outer = null, string name = "", JsonNode? value = null)
{
    public Frame With(string bound, JsonNode? to) => new(scope, this, bound, to);

    public JsonNode? Find(string wanted)
    {
        for (var at = this; at is not null; at = at.Outer)
        {
            if (at.Name == wanted)
            {
                return at.Value;
            }
        }

        return scope.Find(wanted);
    }

    public void Spend(long steps) => scope.Spend(steps);

    private Frame? Outer => outer;

    private string Name => name;

    private JsonNode? Value => value;
}

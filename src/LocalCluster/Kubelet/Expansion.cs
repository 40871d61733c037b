using System.Text;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Puts variables into text as Kubernetes does: <c>$(NAME)</c>; <c>$$</c> is a dollar; what is unknown stays as it is.</summary>
public static class Expansion
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 >= text.Length)
            {
                result.Append(text[i]);
                continue;
            }
            if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
                continue;
            }
            var end = text[i + 1] == '(' ? text.IndexOf(')', i + 2) : -1;
            if (end > 0 && variables.TryGetValue(text[(i + 2)..end], out var value))
            {
                result.Append(value);
                i = end;
                continue;
            }
            result.Append('$');
        }
        return result.ToString();
    }
}

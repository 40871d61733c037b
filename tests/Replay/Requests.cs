using System.Text.RegularExpressions;

namespace Godwit.Replay;

/// <summary>What two requests are matched by.</summary>
internal static partial class Requests
{
    /// <summary>Method, path and sorted query; versions, tokens and time-outs differ from run to run and are taken out.</summary>
    public static string Key(string method, string path, string query)
    {
        var parts = query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(static p => Varying().Replace(p, "${key}=*"))
            .Where(static p => !p.StartsWith("timeout=", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        var all = string.Join('&', parts);
        return Varying().Replace($"{method} {path}", "${key}=*") + (all.Length > 0 ? "?" + all : "");
    }

    [GeneratedRegex(@"^(?<key>resourceVersion|timeoutSeconds|continue)=[^0].*$", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Varying();
}

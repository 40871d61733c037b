using System.Text.Json.Nodes;

namespace Godwit.Replay;

/// <summary>Holds what a case gave now against what was recorded.</summary>
internal static class Comparison
{
    /// <summary>How the outcome of a command differs; empty when it does not.</summary>
    public static IEnumerable<string> Outcomes(Outcome recorded, Outcome now, Varying then, Varying varying)
    {
        if (!recorded.Interrupted && recorded.Exit != now.Exit)
        {
            yield return $"exit code {now.Exit}, recorded {recorded.Exit}";
        }

        foreach (var (what, old, fresh) in ((string, string, string)[])[("stdout", recorded.Output, now.Output), ("stderr", recorded.Error, now.Error)])
        {
            if (FirstDifference(then.Text(old), varying.Text(fresh)) is { } difference)
            {
                yield return $"{what}: {difference}";
            }
        }
    }

    /// <summary>How the answers to one step's requests differ. Requests that this kubectl did not make are passed over.</summary>
    public static IEnumerable<string> Exchanges(IEnumerable<Exchange> recorded, List<Exchange> unmatched, Varying then, Varying varying)
    {
        foreach (var old in recorded)
        {
            // Of several that ask the same, the one that agrees is meant: commands that run side by side come in any order.
            var same = unmatched.Where(e => e.Request == old.Request && (old.InBackground || e.Step == old.Step)).ToList();
            if ((same.Find(e => e.Status == old.Status && Bodies(old, e, then, varying) is null) ?? same.FirstOrDefault()) is not { } fresh)
            {
                continue;
            }

            unmatched.Remove(fresh);
            if (old.Status == 304 || fresh.Status == 304)
            {
                // Whether something is in kubectl's own cache is not the server's doing.
                continue;
            }

            if (old.Status != fresh.Status)
            {
                yield return $"{old.Request}: status {fresh.Status}, recorded {old.Status}";
            }
            else if (!old.IsAboutSurface && Bodies(old, fresh, then, varying) is { } difference)
            {
                yield return $"{old.Request}: {difference}";
            }
        }
    }

    /// <summary>The first line in which two texts part, from both; null when they are equal.</summary>
    public static string? FirstDifference(string recorded, string now)
    {
        if (recorded == now)
        {
            return null;
        }

        var old = recorded.Split('\n');
        var fresh = now.Split('\n');
        var i = 0;
        while (i < old.Length && i < fresh.Length && old[i] == fresh[i])
        {
            i++;
        }

        return $"line {i + 1}: {Line(fresh, i)}, recorded {Line(old, i)}";
    }

    private static string? Bodies(Exchange old, Exchange fresh, Varying then, Varying varying)
    {
        if (old.Events is null || fresh.Events is null)
        {
            return FirstDifference(then.Document(old.Body), varying.Document(fresh.Body));
        }

        // When bookmarks come, and how much more came before the client left, is a matter of time.
        var before = Events(old.Events, then);
        var after = Events(fresh.Events, varying);
        var length = Math.Min(before.Count, after.Count);
        return FirstDifference(string.Join('\n', before.Take(length)), string.Join('\n', after.Take(length)));
    }

    private static List<string> Events(IEnumerable<JsonNode> events, Varying varying) =>
        [.. events.Where(static e => e["type"]?.GetValue<string>() != "BOOKMARK").Select(varying.Document)];

    private static string Line(string[] lines, int index) => index < lines.Length ? $"'{Shorten(lines[index].Trim())}'" : "nothing more";

    private static string Shorten(string text) => text.Length <= 300 ? text : text[..300] + "…";
}

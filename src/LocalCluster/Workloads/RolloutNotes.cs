using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>The annotations by which a deployment and its replica sets tell their history: pure.</summary>
internal static class RolloutNotes
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string History = "deployment.kubernetes.io/revision-history";
    public const string Desired = "deployment.kubernetes.io/desired-replicas";
    public const string Most = "deployment.kubernetes.io/max-replicas";

    // Longer histories lose their oldest entries.
    private const int MaxHistory = 2000;

    private static readonly HashSet<string> OfEachItsOwn = new(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration", Revision, History, Desired, Most, "deprecated.deployment.rollback.to",
    };

    /// <summary>Writes the deployment's annotations and the number of the state on the set that stands for it.</summary>
    public static void Describe(JsonObject set, JsonObject deployment, long revision)
    {
        foreach (var (name, value) in deployment.Annotations())
        {
            if (!OfEachItsOwn.Contains(name))
            {
                set.Ensure("metadata", "annotations")[name] = value;
            }
        }

        var old = set.Text("metadata", "annotations", Revision);
        var before = long.TryParse(old, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (before >= revision)
        {
            return;
        }

        var notes = set.Ensure("metadata", "annotations");
        notes[Revision] = revision.ToString(CultureInfo.InvariantCulture);
        if (old is { Length: > 0 })
        {
            notes[History] = Append(notes.Text(History) ?? "", old);
        }
    }

    /// <summary>Writes on a set what all sets together are to come to: by that a later change of scale is shared out.</summary>
    public static void Size(JsonObject set, long desired, long most)
    {
        var notes = set.Ensure("metadata", "annotations");
        notes[Desired] = desired.ToString(CultureInfo.InvariantCulture);
        notes[Most] = most.ToString(CultureInfo.InvariantCulture);
    }

    private static string Append(string history, string revision)
    {
        var entries = history.Split(',', StringSplitOptions.RemoveEmptyEntries).ToList();
        entries.Add(revision);
        while (entries.Count > 1 && entries.Sum(e => e.Length + 1) > MaxHistory)
        {
            entries.RemoveAt(0);
        }

        return string.Join(',', entries);
    }
}

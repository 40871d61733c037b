namespace Godwit.Machinery;

/// <summary>One metric by its name: what it means and which labels its series carry.</summary>
public sealed class MetricFamily
{
    internal MetricFamily(string name, MetricKind kind, string help, IReadOnlyList<string> labels)
    {
        Check(name);
        foreach (var label in labels)
        {
            Check(label);
        }

        (Name, Kind, Help, Labels) = (name, kind, help, labels);
    }

    public string Name { get; }

    public MetricKind Kind { get; }

    /// <summary>One sentence for those who read the values.</summary>
    public string Help { get; }

    /// <summary>The labels, in the order in which <see cref="Sample"/> takes their values.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>One value. An empty label value is as none.</summary>
    /// <exception cref="ArgumentException">There are more or fewer values than labels.</exception>
    public MetricSample Sample(double value, params string?[] labels)
    {
        Require(labels);
        return new(this, value, labels);
    }

    internal void Require(string?[] labels)
    {
        if (labels.Length != Labels.Count)
        {
            throw new ArgumentException($"{Name} has the labels {string.Join(", ", Labels)}; {labels.Length} values were given.", nameof(labels));
        }
    }

    internal bool IsAs(MetricKind kind, IReadOnlyList<string> labels) => Kind == kind && Labels.SequenceEqual(labels, StringComparer.Ordinal);

    /// <summary>A name that Prometheus would refuse would cost the whole answer that it is in.</summary>
    private static void Check(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw new ArgumentException($"\"{name}\" cannot name a metric or a label.", nameof(name));
        }
    }
}

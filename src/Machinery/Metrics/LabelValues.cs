namespace Godwit.Machinery;

/// <summary>Values of labels as a key: equal when each is.</summary>
internal readonly struct LabelValues(string?[] values) : IEquatable<LabelValues>
{
    public string?[] Values { get; } = values;

    public bool Equals(LabelValues other) => Values.AsSpan().SequenceEqual(other.Values);

    public override bool Equals(object? obj) => obj is LabelValues other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var value in Values)
        {
            hash.Add(value, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }
}

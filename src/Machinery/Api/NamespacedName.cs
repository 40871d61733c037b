using System.Diagnostics.CodeAnalysis;

namespace Godwit.Machinery;

/// <summary>Key of an object among those of its kind; the namespace is empty for what lives in none.</summary>
public readonly record struct NamespacedName(string Namespace, string Name) : IComparable<NamespacedName>
{
    /// <summary>Key of an object that lives in no namespace.</summary>
    public static NamespacedName Cluster(string name) => new("", name);

    /// <summary>Reads <c>namespace/name</c> or <c>name</c>.</summary>
    public static NamespacedName Parse(string text) => TryParse(text, out var result)
        ? result
        : throw new FormatException($"\"{text}\" is neither NAME nor NAMESPACE/NAME.");

    /// <summary>Reads <c>namespace/name</c> or <c>name</c>; false when the text is neither.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NamespacedName result)
    {
        result = default;
        var parts = text?.Split('/') ?? [];
        if (parts.Length is not (1 or 2) || Array.Exists(parts, static p => p.Length == 0))
        {
            return false;
        }

        result = parts.Length == 1 ? Cluster(parts[0]) : new(parts[0], parts[1]);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(NamespacedName other)
    {
        var byNamespace = string.CompareOrdinal(Namespace, other.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(Name, other.Name);
    }

    /// <inheritdoc/>
    public override string ToString() => string.IsNullOrEmpty(Namespace) ? Name : $"{Namespace}/{Name}";

    public static bool operator <(NamespacedName left, NamespacedName right) => left.CompareTo(right) < 0;

    public static bool operator <=(NamespacedName left, NamespacedName right) => left.CompareTo(right) <= 0;

    public static bool operator >(NamespacedName left, NamespacedName right) => left.CompareTo(right) > 0;

    public static bool operator >=(NamespacedName left, NamespacedName right) => left.CompareTo(right) >= 0;
}

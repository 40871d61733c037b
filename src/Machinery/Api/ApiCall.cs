namespace Godwit.Machinery;

/// <summary>A call in the words of its error messages: verb, resource, object.</summary>
public readonly record struct ApiCall(string Verb, string Resource, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => string.IsNullOrEmpty(Name) ? $"{Verb} {Resource}" : $"{Verb} {Resource} {Name}";
}

namespace Godwit.Machinery;

/// <summary>What became of an object that was brought into the API.</summary>
public enum ManifestOutcome
{
    Created,
    Configured,
    Unchanged,
}

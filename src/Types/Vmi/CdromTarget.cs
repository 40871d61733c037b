namespace Godwit.Types;

/// <summary>A CD drive.</summary>
public sealed record CdromTarget : ApiPart
{
    public string? Bus { get; init; }

    public bool? Readonly { get; init; }

    public string? Tray { get; init; }
}

namespace Godwit.Types;

/// <summary>A SCSI LUN passed through.</summary>
public sealed record LunTarget : ApiPart
{
    public string? Bus { get; init; }

    public bool? Readonly { get; init; }

    public bool? Reservation { get; init; }
}

namespace Godwit.Types;

/// <summary>Boot by UEFI.</summary>
public sealed record EfiSpec : ApiPart
{
    public bool? SecureBoot { get; init; }

    public bool? Persistent { get; init; }
}

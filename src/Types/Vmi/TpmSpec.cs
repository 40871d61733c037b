namespace Godwit.Types;

/// <summary>A virtual TPM.</summary>
public sealed record TpmSpec : ApiPart
{
    public bool? Enabled { get; init; }

    public bool? Persistent { get; init; }
}

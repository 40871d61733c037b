namespace Godwit.Types;

/// <summary>A cloud-init disk made of the given texts.</summary>
public sealed record CloudInitVolume : ApiPart
{
    public string? UserData { get; init; }

    public string? UserDataBase64 { get; init; }

    public LocalObjectReference? SecretRef { get; init; }

    public string? NetworkData { get; init; }

    public string? NetworkDataBase64 { get; init; }

    public LocalObjectReference? NetworkDataSecretRef { get; init; }
}

namespace Godwit.Types;

/// <summary>Answers for Windows set-up.</summary>
public sealed record SysprepVolume : ApiPart
{
    public LocalObjectReference? Secret { get; init; }

    public LocalObjectReference? ConfigMap { get; init; }
}

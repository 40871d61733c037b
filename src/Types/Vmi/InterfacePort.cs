namespace Godwit.Types;

/// <summary>A port of the guest that is opened at the pod's address.</summary>
public sealed record InterfacePort : ApiPart
{
    public string? Name { get; init; }

    public string? Protocol { get; init; }

    public int? Port { get; init; }
}

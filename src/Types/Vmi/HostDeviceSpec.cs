namespace Godwit.Types;

/// <summary>A device of the node given to the guest.</summary>
public sealed record HostDeviceSpec : ApiPart
{
    public string? Name { get; init; }

    public string? DeviceName { get; init; }

    public string? ClaimName { get; init; }

    public string? RequestName { get; init; }

    public string? Tag { get; init; }
}

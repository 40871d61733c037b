namespace Godwit.Types;

/// <summary>A network card as it is now.</summary>
public sealed record InterfaceStatus : ApiPart
{
    public string? IpAddress { get; init; }

    public IReadOnlyList<string>? IpAddresses { get; init; }

    public string? Mac { get; init; }

    public string? Name { get; init; }

    public string? InterfaceName { get; init; }

    public string? PodInterfaceName { get; init; }

    public string? InfoSource { get; init; }

    public int? QueueCount { get; init; }

    public string? LinkState { get; init; }
}

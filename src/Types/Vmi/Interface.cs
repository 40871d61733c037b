using System.Text.Json;

namespace Godwit.Types;

/// <summary>A network card of the guest and how it is bound to its network.</summary>
public sealed record Interface : ApiPart
{
    public string? Name { get; init; }

    public string? Model { get; init; }

    public EmptyObject? Bridge { get; init; }

    public EmptyObject? Masquerade { get; init; }

    public EmptyObject? Sriov { get; init; }

    public EmptyObject? PasstBinding { get; init; }

    public InterfaceBinding? Binding { get; init; }

    public EmptyObject? Slirp { get; init; }

    public EmptyObject? Macvtap { get; init; }

    public EmptyObject? Passt { get; init; }

    public IReadOnlyList<InterfacePort>? Ports { get; init; }

    public IReadOnlyList<JsonElement>? PortRanges { get; init; }

    public string? MacAddress { get; init; }

    public int? BootOrder { get; init; }

    public string? PciAddress { get; init; }

    public DhcpOptions? DhcpOptions { get; init; }

    public string? Tag { get; init; }

    public int? AcpiIndex { get; init; }

    public string? State { get; init; }
}

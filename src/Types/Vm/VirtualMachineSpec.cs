using System.Text.Json;

namespace Godwit.Types;

/// <summary>When the virtual machine is to run, and what its VMI is to be.</summary>
public sealed record VirtualMachineSpec : ApiPart
{
    /// <summary>Deprecated: true is the run strategy Always, false is Halted.</summary>
    public bool? Running { get; init; }

    public string? RunStrategy { get; init; }

    public VirtualMachineInstanceTemplateSpec? Template { get; init; }

    public IReadOnlyList<JsonElement>? DataVolumeTemplates { get; init; }

    public JsonElement? Instancetype { get; init; }

    public JsonElement? Preference { get; init; }

    public string? UpdateVolumesStrategy { get; init; }
}

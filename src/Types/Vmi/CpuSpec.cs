using System.Text.Json;

namespace Godwit.Types;

/// <summary>Topology and model of the guest's processors.</summary>
public sealed record CpuSpec : ApiPart
{
    public long? Cores { get; init; }

    public long? Sockets { get; init; }

    public long? Threads { get; init; }

    public long? MaxSockets { get; init; }

    public string? Model { get; init; }

    public IReadOnlyList<CpuFeature>? Features { get; init; }

    public bool? DedicatedCpuPlacement { get; init; }

    public bool? IsolateEmulatorThread { get; init; }

    public JsonElement? Numa { get; init; }

    public JsonElement? Realtime { get; init; }
}

using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>All that decides what is done for a pod, at one moment.</summary>
public sealed record PodFacts
{
    public required Pod Pod { get; init; }

    /// <summary>Newest run of each container that ever ran, by container name. What was made and never let run is none.</summary>
    public required IReadOnlyDictionary<string, ContainerRecord> Latest { get; init; }

    /// <summary>The run before the newest, by container name.</summary>
    public IReadOnlyDictionary<string, ContainerRecord> Previous { get; init; } = new Dictionary<string, ContainerRecord>();
    public IReadOnlyDictionary<string, StartTrouble> Troubles { get; init; } = new Dictionary<string, StartTrouble>();

    /// <summary>By container ID.</summary>
    public IReadOnlyDictionary<string, ProbeState> Probes { get; init; } = new Dictionary<string, ProbeState>();
    public SandboxRecord? Sandbox { get; init; }

    /// <summary>The API knows the pod no more.</summary>
    public bool IsGone { get; init; }

    /// <summary>When the pod was first seen here.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Until when containers may end by themselves; null while the pod is to run.</summary>
    public DateTimeOffset? KillAt { get; init; }
    public required DateTimeOffset Now { get; init; }

    public IEnumerable<Container> InitContainers => Pod.Spec.InitContainers ?? [];

    public ContainerRecord? Run(string container) => Latest.GetValueOrDefault(container);

    public ProbeState? Probe(ContainerRecord record) => Probes.GetValueOrDefault(record.Id);
}

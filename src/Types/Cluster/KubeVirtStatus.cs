using System.Text.Json;

namespace Godwit.Types;

/// <summary>How the installation is.</summary>
public sealed record KubeVirtStatus : ApiPart
{
    public string? Phase { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    public string? OperatorVersion { get; init; }

    public string? TargetKubeVirtRegistry { get; init; }

    public string? TargetKubeVirtVersion { get; init; }

    public string? TargetDeploymentConfig { get; init; }

    public string? TargetDeploymentID { get; init; }

    public string? ObservedKubeVirtRegistry { get; init; }

    public string? ObservedKubeVirtVersion { get; init; }

    public string? ObservedDeploymentConfig { get; init; }

    public string? ObservedDeploymentID { get; init; }

    public long? OutdatedVirtualMachineInstanceWorkloads { get; init; }

    public long? ObservedGeneration { get; init; }

    public string? DefaultArchitecture { get; init; }

    public IReadOnlyList<JsonElement>? Generations { get; init; }

    public IReadOnlyList<string>? SynchronizationAddresses { get; init; }
}

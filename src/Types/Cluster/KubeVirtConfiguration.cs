using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>Settings that hold for the whole cluster.</summary>
public sealed record KubeVirtConfiguration : ApiPart
{
    public string? EvictionStrategy { get; init; }

    public string? CpuModel { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? CpuRequest { get; init; }

    public string? DefaultRuntimeClass { get; init; }

    public string? ImagePullPolicy { get; init; }

    public string? MachineType { get; init; }

    public IReadOnlyList<string>? EmulatedMachines { get; init; }

    public JsonElement? ArchitectureConfiguration { get; init; }

    public long? MemBalloonStatsPeriod { get; init; }

    public string? MinCPUModel { get; init; }

    public IReadOnlyDictionary<string, bool>? ObsoleteCPUModels { get; init; }

    public NetworkConfiguration? Network { get; init; }

    public string? SelinuxLauncherType { get; init; }

    public JsonElement? Smbios { get; init; }

    public IReadOnlyList<string>? SupportedGuestAgentVersions { get; init; }

    public JsonElement? PermittedHostDevices { get; init; }

    public JsonElement? MediatedDevicesConfiguration { get; init; }

    public JsonElement? TlsConfiguration { get; init; }

    public string? VmRolloutStrategy { get; init; }

    public string? VmStateStorageClass { get; init; }

    public LiveUpdateConfiguration? LiveUpdateConfiguration { get; init; }

    public DeveloperConfiguration? DeveloperConfiguration { get; init; }

    public MigrationConfiguration? Migrations { get; init; }

    public JsonElement? ApiConfiguration { get; init; }

    public JsonElement? WebhookConfiguration { get; init; }

    public JsonElement? ControllerConfiguration { get; init; }

    public JsonElement? HandlerConfiguration { get; init; }

    public JsonElement? Instancetype { get; init; }

    public JsonElement? Hypervisors { get; init; }

    public JsonElement? ChangedBlockTrackingLabelSelectors { get; init; }

    public JsonElement? CommonInstancetypesDeployment { get; init; }

    public JsonElement? KsmConfiguration { get; init; }

    public JsonElement? AutoCPULimitNamespaceLabelSelector { get; init; }

    public string? AdditionalGuestMemoryOverheadRatio { get; init; }

    public JsonElement? SeccompConfiguration { get; init; }

    public JsonElement? SupportContainerResources { get; init; }

    public JsonElement? VirtualMachineOptions { get; init; }

    [JsonPropertyName("ovmfPath")]
    public string? OvmfPath { get; init; }
}

using System.Text.Json.Serialization;
using Godwit.LocalCluster.Devices;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Generated serializers of the kubelet's own files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(DeviceCheckpoint))]
[JsonSerializable(typeof(SandboxRecord))]
internal sealed partial class KubeletJson : JsonSerializerContext;

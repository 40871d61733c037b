using System.Text.Json.Serialization;

namespace Godwit.Qemu;

/// <summary>Our own files: camel case, indented for people who look into a folder.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(Domain))]
[JsonSerializable(typeof(HardwareDefinition))]
[JsonSerializable(typeof(LauncherStatus))]
[JsonSerializable(typeof(AcceleratorInfo))]
[JsonSerializable(typeof(KeptCapabilities))]
public sealed partial class QemuJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Godwit.Qemu;

/// <summary>QMP's spelling (members with hyphens) for the replies that are read as records.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(VmStatus))]
[JsonSerializable(typeof(MigrationStatus))]
[JsonSerializable(typeof(KvmStatus))]
[JsonSerializable(typeof(BlockJob[]))]
[JsonSerializable(typeof(JobInfo[]))]
[JsonSerializable(typeof(BlockNode[]))]
[JsonSerializable(typeof(MachineInfo[]))]
[JsonSerializable(typeof(CpuModelInfo[]))]
[JsonSerializable(typeof(BalloonInfo))]
[JsonSerializable(typeof(BlockExport[]))]
[JsonSerializable(typeof(CharDevice[]))]
public sealed partial class QmpJson : JsonSerializerContext;

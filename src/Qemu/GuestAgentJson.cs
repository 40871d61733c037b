using System.Text.Json.Serialization;

namespace Godwit.Qemu;

/// <summary>The guest agent's spelling, which is QMP's.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GuestAgentInfo))]
[JsonSerializable(typeof(GuestOsInfo))]
[JsonSerializable(typeof(GuestHostName))]
[JsonSerializable(typeof(GuestTimezone))]
[JsonSerializable(typeof(GuestInterface[]))]
[JsonSerializable(typeof(GuestUser[]))]
[JsonSerializable(typeof(GuestFilesystem[]))]
internal sealed partial class GuestAgentJson : JsonSerializerContext;

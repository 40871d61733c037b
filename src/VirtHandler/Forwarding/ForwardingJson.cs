using System.Text.Json.Serialization;

namespace Godwit.VirtHandler.Forwarding;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 8)]
[JsonSerializable(typeof(ForwardingState))]
[JsonSerializable(typeof(HandoverHello))]
[JsonSerializable(typeof(HandoverWelcome))]
internal sealed partial class ForwardingJson : JsonSerializerContext;

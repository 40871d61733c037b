using System.Text.Json.Serialization;

namespace Godwit.LocalCluster.Objects;

/// <summary>Generated serializers of the objects that the node side reads.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(PersistentVolumeClaim))]
[JsonSerializable(typeof(PersistentVolume))]
[JsonSerializable(typeof(StorageClass))]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(Secret))]
public sealed partial class ObjectsJson : JsonSerializerContext;

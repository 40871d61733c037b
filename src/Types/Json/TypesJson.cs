using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>Serialization of every API type: camel case, nulls left out, numbers and times as Kubernetes writes them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimestampConverter)])]
[JsonSerializable(typeof(VirtualMachineInstance))]
[JsonSerializable(typeof(VirtualMachineInstanceMigration))]
[JsonSerializable(typeof(VirtualMachine))]
[JsonSerializable(typeof(VirtualMachineInstanceReplicaSet))]
[JsonSerializable(typeof(VirtualMachineStateChangeRequest))]
[JsonSerializable(typeof(KubeVirt))]
[JsonSerializable(typeof(MigrationPolicy))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(PersistentVolumeClaim))]
[JsonSerializable(typeof(CoreEvent))]
[JsonSerializable(typeof(ServiceAccount))]
[JsonSerializable(typeof(DateTimeOffset))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>))]
public sealed partial class TypesJson : JsonSerializerContext;

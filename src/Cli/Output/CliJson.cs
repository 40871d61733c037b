using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Godwit.Cli.Demo;
using Godwit.Cli.Explain;
using Godwit.Cli.Host;

namespace Godwit.Cli.Output;

/// <summary>Serialization of the command's own documents.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(ClusterSettings))]
[JsonSerializable(typeof(ProcessRecord))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(JsonObject))]
public sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>Prints a result.</summary>
    public static void Print<T>(T value, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
}

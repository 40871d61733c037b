using System.Text.Json.Serialization;

namespace Godwit.LocalCluster.Images;

/// <summary>The store's list, as it lies in <c>index.json</c>.</summary>
public sealed record ImageIndex
{
    public List<ImageRecord> Images { get; init; } = [];
}

/// <summary>Generated serializers of the store's files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(ImageIndex))]
internal sealed partial class ImageJson : JsonSerializerContext;

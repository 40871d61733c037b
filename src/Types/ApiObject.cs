using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>A whole object of the API: it has a kind and metadata.</summary>
public abstract record ApiObject : ApiPart
{
    private static readonly ObjectMeta NoMetadata = new();

    [JsonPropertyOrder(-3)]
    public string? ApiVersion { get; init; }

    [JsonPropertyOrder(-2)]
    public string? Kind { get; init; }

    /// <summary>Never null, so that an object read from anywhere can be asked for its name.</summary>
    [JsonPropertyOrder(-1)]
    public ObjectMeta Metadata
    {
        get => field ?? NoMetadata;
        init;
    } = NoMetadata;
}

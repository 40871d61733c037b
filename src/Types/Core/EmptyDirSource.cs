using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>A folder that lives as long as its pod.</summary>
public sealed record EmptyDirSource : ApiPart
{
    public string? Medium { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? SizeLimit { get; init; }
}

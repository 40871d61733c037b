using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>
/// A piece of an API object. Fields that it does not model are kept in <see cref="Extra"/> and written back as they
/// came, so a read-modify-write never loses what a newer client has put there.
/// </summary>
public abstract record ApiPart
{
    /// <summary>Fields that this type does not model, by JSON name.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Extra { get; set; }
}

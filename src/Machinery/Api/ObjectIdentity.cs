using System.Text.Json;

namespace Godwit.Machinery;

/// <summary>What every object carries in its metadata, read without knowing its type.</summary>
public readonly record struct ObjectIdentity(NamespacedName Key, string Uid, string ResourceVersion)
{
    /// <summary>Reads the identity of an object in a parsed document; missing parts are empty.</summary>
    public static ObjectIdentity Of(JsonElement @object)
    {
        if (@object.ValueKind != JsonValueKind.Object
            || !@object.TryGetProperty("metadata", out var metadata)
            || metadata.ValueKind != JsonValueKind.Object)
        {
            return new(new("", ""), "", "");
        }

        return new(new(Text(metadata, "namespace"), Text(metadata, "name")), Text(metadata, "uid"), Text(metadata, "resourceVersion"));
    }

    private static string Text(JsonElement metadata, string name) =>
        metadata.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}

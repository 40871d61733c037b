using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>Names one object so that an event can be about it.</summary>
public sealed record ObjectReference(string ApiVersion, string Kind, NamespacedName Key, string Uid, string ResourceVersion = "")
{
    /// <summary>A reference to an object as read from the API server.</summary>
    public static ObjectReference To(ResourceKind kind, JsonNode @object) =>
        new(kind.ApiVersion, kind.Kind, @object.Key(), @object.Uid(), @object.ResourceVersion());

    internal JsonObject ToJson()
    {
        var result = new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = Kind, ["name"] = Key.Name, ["uid"] = Uid };
        if (Key.Namespace.Length > 0)
        {
            result["namespace"] = Key.Namespace;
        }

        if (ResourceVersion.Length > 0)
        {
            result["resourceVersion"] = ResourceVersion;
        }

        return result;
    }
}

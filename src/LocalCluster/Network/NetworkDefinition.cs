using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>From the text of a NetworkAttachmentDefinition (<c>spec.config</c>) to what its plug-in is given. Pure.</summary>
public static class NetworkDefinition
{
    /// <summary>The attachment that a request makes.</summary>
    /// <param name="request">Which network, under which name in the pod.</param>
    /// <param name="config">The definition's CNI configuration, or a list of one plug-in.</param>
    /// <param name="addresses">
    /// Where <c>host-local</c> notes the addresses it gave away. All nodes are on one machine, so one folder makes them unique in
    /// the whole cluster.
    /// </param>
    /// <exception cref="NetworkException">The definition cannot be used.</exception>
    public static CniAttachment Attachment(NetworkRequest request, string? config, string addresses)
    {
        var whole = Read(request, config);
        var plugin = whole;
        if (whole["plugins"] is JsonArray plugins)
        {
            plugin = plugins is [JsonObject only]
                ? (JsonObject)only.DeepClone()
                : throw Bad(request, $"{plugins.Count} chained plug-ins; LocalCluster runs one");
            plugin["cniVersion"] ??= whole["cniVersion"]?.DeepClone();
        }

        var type = Text(request, plugin, "type");
        if (type.Length == 0 || type.Contains('/', StringComparison.Ordinal))
        {
            throw Bad(request, "it names no plug-in (type)");
        }

        plugin["cniVersion"] ??= CniPlugin.Version;
        // Two networks of one name would share their addresses.
        plugin["name"] = $"{request.Namespace}.{request.Name}";
        if (plugin["ipam"] is JsonObject ipam && Text(request, ipam, "type") == "host-local")
        {
            ipam["dataDir"] = addresses;
        }

        return new CniAttachment(request.Interface, plugin);
    }

    private static JsonObject Read(NetworkRequest request, string? config)
    {
        try
        {
            return string.IsNullOrWhiteSpace(config)
                ? throw Bad(request, "spec.config is missing")
                : JsonNode.Parse(config) as JsonObject ?? throw Bad(request, "spec.config is no object");
        }
        catch (JsonException e)
        {
            throw Bad(request, $"spec.config is no JSON: {e.Message}");
        }
    }

    private static string Text(NetworkRequest request, JsonObject from, string key) =>
        from[key] switch
        {
            null => "",
            JsonValue value when value.TryGetValue(out string? text) => text,
            _ => throw Bad(request, $"'{key}' is no text"),
        };

    private static NetworkException Bad(NetworkRequest request, string why) =>
        new($"network-attachment-definition {request.Namespace}/{request.Name} cannot be used: {why}");
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>
/// A further network that a pod asks for by annotation, as the Network Plumbing Working Group's multi-network standard has it:
/// <c>[NAMESPACE/]NAME[@INTERFACE]</c> in a list with commas, or a JSON list of objects.
/// </summary>
/// <param name="Namespace">Where the NetworkAttachmentDefinition is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Interface">The interface inside the pod.</param>
public sealed record NetworkRequest(string Namespace, string Name, string Interface)
{
    public const string Annotation = "k8s.v1.cni.cncf.io/networks";
    public const string StatusAnnotation = "k8s.v1.cni.cncf.io/network-status";

    private const int MaxInterfaceName = 15;
    private static readonly HashSet<string> KnownKeys = new(StringComparer.Ordinal) { "name", "namespace", "interface" };

    /// <summary>Reads the annotation; interfaces without a name are counted from <c>net1</c>.</summary>
    /// <exception cref="NetworkException">It cannot be read, or asks for what is not supported.</exception>
    public static IReadOnlyList<NetworkRequest> Parse(string? annotation, string podNamespace)
    {
        var text = annotation?.Trim() ?? "";
        if (text.Length == 0)
        {
            return [];
        }

        var requests = new List<NetworkRequest>();
        foreach (var (ns, name, @interface) in text.StartsWith('[') ? FromJson(text) : text.Split(',').Select(FromText))
        {
            var request = new NetworkRequest(ns ?? podNamespace, name, @interface ?? $"net{requests.Count + 1}");
            if (request.Name.Length == 0 || request.Namespace.Length == 0)
            {
                throw Bad(text, "a network has no name");
            }
            if (request.Interface.Length is 0 or > MaxInterfaceName || request.Interface.Contains('/', StringComparison.Ordinal)
                || request.Interface is CniPlugin.MainInterface or "lo" || requests.Exists(r => r.Interface == request.Interface))
            {
                throw Bad(text, $"'{request.Interface}' cannot be the name of an interface, or is taken");
            }
            requests.Add(request);
        }
        return requests;
    }

    private static (string? Namespace, string Name, string? Interface) FromText(string item)
    {
        var (where, @interface) = Cut(item.Trim(), '@');
        var slash = where.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (null, where, @interface) : (where[..slash], where[(slash + 1)..], @interface);
    }

    private static (string Head, string? Tail) Cut(string text, char separator)
    {
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }

    private static List<(string? Namespace, string Name, string? Interface)> FromJson(string text)
    {
        try
        {
            return [.. JsonNode.Parse(text)!.AsArray().Select(item => FromJson(text, item!.AsObject()))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw Bad(text, "it is no list of objects");
        }
    }

    private static (string? Namespace, string Name, string? Interface) FromJson(string text, JsonObject item)
    {
        if (item.FirstOrDefault(p => !KnownKeys.Contains(p.Key)) is { Key: { } unknown })
        {
            throw Bad(text, $"'{unknown}' is not supported here");
        }
        return ((string?)item["namespace"], (string?)item["name"] ?? "", (string?)item["interface"]);
    }

    private static NetworkException Bad(string text, string why) => new($"annotation {Annotation}: {why}: {text}");
}

using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// The variables by which a container finds services: those of its namespace where it wants them, and always the API server's. Pure.
/// Source: Kubernetes documentation, "Accessing the Service: Environment Variables".
/// </summary>
public static class ServiceEnvironment
{
    public const string ApiServer = "kubernetes";
    public const string ApiServerNamespace = "default";

    /// <param name="services">The API server's service and those of the pod's namespace.</param>
    /// <param name="podNamespace">The pod's namespace.</param>
    /// <param name="links">The pod's <c>enableServiceLinks</c>, which is true unless it says otherwise.</param>
    public static IEnumerable<KeyValuePair<string, string>> Of(IEnumerable<JsonObject> services, string podNamespace, bool links)
    {
        var wanted = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var service in services.Where(static s => s.Text("spec", "clusterIP") is { Length: > 0 } address && address != "None"))
        {
            var isServer = service.Namespace() == ApiServerNamespace && service.Name() == ApiServer;
            if ((links && service.Namespace() == podNamespace) || (isServer && !wanted.ContainsKey(ApiServer)))
            {
                wanted[service.Name()] = service;
            }
        }

        return wanted.Values.SelectMany(Variables);
    }

    private static IEnumerable<KeyValuePair<string, string>> Variables(JsonObject service)
    {
        var prefix = Upper(service.Name());
        var host = service.Text("spec", "clusterIP")!;
        var ports = (service.At("spec", "ports") as JsonArray ?? []).OfType<JsonObject>().ToList();
        yield return new($"{prefix}_SERVICE_HOST", host);
        foreach (var (port, i) in ports.Select(static (p, i) => (p, i)))
        {
            var number = $"{port.Integer("port")}";
            var protocol = (port.Text("protocol") ?? "TCP").ToLowerInvariant();
            var link = $"{protocol}://{host}:{number}";
            if (i == 0)
            {
                yield return new($"{prefix}_SERVICE_PORT", number);
                yield return new($"{prefix}_PORT", link);
            }

            if (port.Text("name") is { Length: > 0 } name)
            {
                yield return new($"{prefix}_SERVICE_PORT_{Upper(name)}", number);
            }

            var one = $"{prefix}_PORT_{number}_{protocol.ToUpperInvariant()}";
            yield return new(one, link);
            yield return new($"{one}_PROTO", protocol);
            yield return new($"{one}_PORT", number);
            yield return new($"{one}_ADDR", host);
        }
    }

    private static string Upper(string name) => name.ToUpperInvariant().Replace('-', '_');
}

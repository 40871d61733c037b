using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Aggregation;

/// <summary>One APIService that another server answers for.</summary>
internal sealed record AggregatedApi(string Name, string Group, string Version, string Namespace, string Service, int Port, string CaBundle, bool Insecure, bool Available)
{
    public const string Resource = "apiservices.apiregistration.k8s.io";

    public Uri Address => new($"https://{Services.ServiceTransport.Host(Namespace, Service)}:{Port}");

    /// <summary>Null for a group version that is served here.</summary>
    public static AggregatedApi? Read(JsonObject apiService)
    {
        var spec = apiService["spec"];
        return spec.At("service") is not JsonObject service
            ? null
            : new AggregatedApi(
                apiService.Name(),
                spec.Text("group") ?? "",
                spec.Text("version") ?? "",
                service.Text("namespace") ?? "",
                service.Text("name") ?? "",
                (int)(service.Integer("port") ?? 443),
                spec.Text("caBundle") ?? "",
                spec.Flag("insecureSkipTLSVerify") ?? false,
                (apiService.At("status", "conditions") as JsonArray)?.Any(c => c.Text("type") == "Available" && c.Text("status") == "True") ?? false);
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Services;

/// <summary>Finds an address behind a service by its endpoint slices, as the API server must for webhooks and aggregated APIs.</summary>
public sealed class ServiceResolver(ObjectStore store)
{
    private const string ServiceLabel = "kubernetes.io/service-name";

    /// <summary>An address that is ready. Throws <see cref="ServiceUnresolvedException"/> with the reason when there is none.</summary>
    public IPEndPoint Resolve(string ns, string name, int port)
    {
        var snapshot = store.Snapshot;
        if (snapshot.Get(new StoreKey("services", ns, name))?.ToJsonObject() is not { } service)
        {
            throw new ServiceUnresolvedException($"service \"{name}\" not found");
        }

        var ports = (service.At("spec", "ports") as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (ports.FirstOrDefault(p => p.Integer("port") == port) is not { } servicePort)
        {
            throw new ServiceUnresolvedException($"no service port {port} found for service \"{name}\"");
        }

        var portName = servicePort.Text("name") ?? "";
        foreach (var slice in snapshot.List("endpointslices.discovery.k8s.io", ns).Where(s => s.Labels.GetValueOrDefault(ServiceLabel) == name).Select(s => s.ToJsonObject()))
        {
            var slicePort = (slice["ports"] as JsonArray ?? []).OfType<JsonObject>()
                .FirstOrDefault(p => (p.Text("name") ?? "") == portName || ports.Count == 1)?.Integer("port");
            var address = (slice["endpoints"] as JsonArray ?? []).OfType<JsonObject>()
                .Where(e => e.Flag("conditions", "ready") != false)
                .SelectMany(e => (e["addresses"] as JsonArray ?? []).Select(a => a.Text()).OfType<string>())
                .FirstOrDefault();
            if (slicePort is { } found && address is not null)
            {
                return new IPEndPoint(IPAddress.Parse(address), (int)found);
            }
        }

        throw new ServiceUnresolvedException($"no endpoints available for service \"{name}\"");
    }
}

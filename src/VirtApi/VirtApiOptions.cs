using System.Net;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi;

/// <summary>Where virt-api listens, and under what name the API server knows it.</summary>
public sealed record VirtApiOptions
{
    /// <summary>Address and port of the HTTPS server; port 0 takes any free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Any, 9443);

    /// <summary>The Service that webhook configurations and APIServices name.</summary>
    public NamespacedName Service { get; init; } = new(Installation.Namespace, "virt-api");

    /// <summary>The Secret with the serving certificate and the authority behind it, shared by all replicas.</summary>
    public NamespacedName CertificateSecret { get; init; } = new(Installation.Namespace, "kubevirt-virt-api-certs");

    /// <summary>Port of the agents on the nodes' addresses, for consoles.</summary>
    public int HandlerPort { get; init; } = Consoles.HandlerPort;

    /// <summary>Told the real address once the server listens and its certificate is known to the API server.</summary>
    public Action<IPEndPoint>? Ready { get; init; }
}

using System.Net;

namespace Godwit.Machinery;

/// <summary>What a leaf certificate is to say.</summary>
public sealed record LeafRequest(string CommonName)
{
    /// <summary>O entries of the subject: groups, in Kubernetes' reading.</summary>
    public IReadOnlyList<string> Organizations { get; init; } = [];

    public IReadOnlyList<string> DnsNames { get; init; } = [];

    public IReadOnlyList<IPAddress> IpAddresses { get; init; } = [];

    /// <summary>May stand for a TLS server.</summary>
    public bool Server { get; init; }

    /// <summary>May stand for a TLS client.</summary>
    public bool Client { get; init; }

    /// <summary>The certificate says that its key may encipher keys though it is none that could: some peers insist.</summary>
    public bool KeyEncipherment { get; init; }

    public TimeSpan Validity { get; init; } = TimeSpan.FromDays(365);

    public KeyAlgorithm Algorithm { get; init; } = KeyAlgorithm.EcP256;
}

using System.Net.Security;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Serving;

namespace Godwit.VirtApi.Subresources;

/// <summary>
/// TLS for one connection to an agent. Agents are known by the name in their certificate, which comes from our own authority, and
/// not by their address.
/// </summary>
internal sealed class AgentHandshake(ServingCertificates certificates, TimeProvider clock)
{
    private string? _refusal;

    public SslClientAuthenticationOptions Options => new()
    {
        ClientCertificates = [certificates.Current],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => certificates.Current,
        RemoteCertificateValidationCallback = (_, peer, _, _) =>
            (_refusal = PeerTrust.Refusal(peer, certificates.TrustBundle, Consoles.HandlerName, clock)) is null,
        // A resumed session shows the certificates of its first handshake, which may have ended since.
        AllowTlsResume = false,
    };

    /// <summary>Why a connection failed: what was wrong with the agent's certificate, where that was it.</summary>
    public string Explain(Exception error) => _refusal is null ? error.Message : $"it {_refusal}";
}

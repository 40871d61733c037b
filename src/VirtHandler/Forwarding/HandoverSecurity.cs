using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;
using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Mutual TLS with the migration's own certificates: whoever has none of this migration's gets no word.</summary>
internal static class HandoverSecurity
{
    /// <param name="inner">The connection.</param>
    /// <param name="credentials">The migration's; null where migrations go without TLS.</param>
    /// <param name="target">The name in the target's certificate, its pod's UID.</param>
    /// <param name="time">The clock by which certificates are judged.</param>
    /// <param name="cancellationToken">Ends the wait for the other side.</param>
    public static async Task<Stream> AsClientAsync(
        Stream inner, MigrationCredentials? credentials, string target, TimeProvider time, CancellationToken cancellationToken)
    {
        if (credentials is null)
        {
            return inner;
        }

        var tls = new SslStream(inner);
        using var own = X509Certificate2.CreateFromPem(credentials.SourceCertificate, credentials.SourceKey);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = target,
            ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true),
            RemoteCertificateValidationCallback = (_, peer, _, _) => PeerTrust.Refusal(peer, credentials.Ca, target, time) is null,
        };
        await tls.AuthenticateAsClientAsync(options, cancellationToken);
        return tls;
    }

    /// <param name="inner">The connection.</param>
    /// <param name="credentials">The migration's; null where migrations go without TLS.</param>
    /// <param name="source">The name in the source's certificate, its pod's UID.</param>
    /// <param name="time">The clock by which certificates are judged.</param>
    /// <param name="cancellationToken">Ends the wait for the other side.</param>
    public static async Task<Stream> AsServerAsync(
        Stream inner, MigrationCredentials? credentials, string source, TimeProvider time, CancellationToken cancellationToken)
    {
        if (credentials is null)
        {
            return inner;
        }

        var tls = new SslStream(inner);
        using var own = X509Certificate2.CreateFromPem(credentials.TargetCertificate, credentials.TargetKey);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true),
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, peer, _, _) => PeerTrust.Refusal(peer, credentials.Ca, source, time) is null,
        };
        await tls.AuthenticateAsServerAsync(options, cancellationToken);
        return tls;
    }
}

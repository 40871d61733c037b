using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using k8s;

namespace Godwit.Perf.Api;

/// <summary>Where the API server is and who asks, as a kubeconfig with a client certificate says.</summary>
internal sealed class LeanCredentials : IDisposable
{
    private readonly X509Certificate2Collection _authorities;
    private readonly X509Certificate2 _certificate;

    public LeanCredentials(string kubeconfig)
    {
        var read = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        Server = new Uri(read.Host);
        _authorities = read.SslCaCerts;
        using var pem = X509Certificate2.CreateFromPem(Text(read.ClientCertificateData), Text(read.ClientCertificateKeyData));
        _certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    public Uri Server { get; }

    /// <summary>What a connection is opened with.</summary>
    public SslClientAuthenticationOptions Tls() => new()
    {
        TargetHost = Server.Host,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificates = [_certificate],
        CertificateChainPolicy = Trust(),
    };

    public void Dispose() => _certificate.Dispose();

    private X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    private static string Text(string base64) => System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(base64));
}

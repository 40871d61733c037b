using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace Godwit.Machinery;

/// <summary>
/// An HTTP client with the trust and the credentials of a kubeconfig, which the official client reads. Its own HTTP client is
/// not used: it brings serializers for every kind of Kubernetes, which are half of a native binary, and none of which is needed here.
/// </summary>
internal sealed record ApiConnection(HttpClient Http, Uri BaseUri, ServiceClientCredentials? Credentials, string Namespace)
{
    private const string ServiceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// <exception cref="InvalidOperationException">The kubeconfig cannot be used; the message names the file and what is wrong.</exception>
    public static ApiConnection Open(ApiClientOptions options)
    {
        var file = options.Kubeconfig ?? Environment.GetEnvironmentVariable("KUBECONFIG");
        if (string.IsNullOrEmpty(file) && File.Exists(ServiceAccountToken))
        {
            return From(KubernetesClientConfiguration.InClusterConfig(), options);
        }

        var name = string.IsNullOrEmpty(file) ? KubernetesClientConfiguration.KubeConfigDefaultLocation : file;
        try
        {
            return From(KubernetesClientConfiguration.BuildConfigFromConfigFile(name, options.Context), options);
        }
        catch (Exception e) when (e is KubeConfigException or IOException or UnauthorizedAccessException or FormatException
            or System.Security.Cryptography.CryptographicException)
        {
            throw new InvalidOperationException($"Cannot use the kubeconfig {name}: {e.Message}", e);
        }
    }

    private static ApiConnection From(KubernetesClientConfiguration configuration, ApiClientOptions options)
    {
        if (string.IsNullOrWhiteSpace(configuration.Host))
        {
            throw new KubeConfigException("the context's cluster names no server");
        }

        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = options.DeadAfter / 2,
            KeepAlivePingTimeout = options.DeadAfter / 2,
            SslOptions = Tls(configuration),
        };
        // Every call has a deadline of its own.
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.TryParseAdd(options.UserAgent);
        if (!string.IsNullOrEmpty(configuration.TlsServerName))
        {
            // The name that the certificate is checked against follows this header.
            http.DefaultRequestHeaders.Host = configuration.TlsServerName;
        }

        return new(http, new Uri(configuration.Host), Kubernetes.CreateCredentials(configuration), configuration.Namespace ?? "default");
    }

    private static SslClientAuthenticationOptions Tls(KubernetesClientConfiguration configuration)
    {
        var tls = new SslClientAuthenticationOptions();
        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The user has asked for it: insecure-skip-tls-verify.
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.SslCaCerts is { Count: > 0 } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (ClientCertificate(configuration) is { } certificate)
        {
            tls.ClientCertificates = [certificate];
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        return tls;
    }

    private static X509Certificate2? ClientCertificate(KubernetesClientConfiguration configuration)
    {
        var certificate = Pem(configuration.ClientCertificateData, configuration.ClientCertificateFilePath);
        var key = Pem(configuration.ClientCertificateKeyData, configuration.ClientKeyFilePath);
        // A half without the other is refused when the file is read.
        return certificate is null || key is null ? null : X509Certificate2.CreateFromPem(certificate, key);
    }

    /// <summary>What is in the kubeconfig wins over what it names.</summary>
    private static string? Pem(string? data, string? file) => (data, file) switch
    {
        ({ Length: > 0 }, _) => Encoding.UTF8.GetString(Convert.FromBase64String(data)),
        (_, { Length: > 0 }) => File.ReadAllText(file),
        _ => null,
    };
}

using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Godwit.LocalCluster.Services;

/// <summary>
/// HTTPS connections of the API server to servers that objects name: by URL, or by service, whose endpoints are looked up for
/// every new connection. One pool of connections for each bundle of certificate authorities; pools of bundles that objects no longer
/// name go away, and what is still open in them stays.
/// </summary>
public sealed class ServiceTransport(ServiceResolver resolver, X509Certificate2? clientCertificate = null, TimeProvider? time = null) : IDisposable
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<Trust, ServicePool> _pools = new();
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>How many pools there are.</summary>
    public int Count => _pools.Count;

    /// <summary>
    /// The pool for a target. <paramref name="caBundle"/> is PEM in base64 as objects hold it; empty: the machine's authorities.
    /// Requests to services go to <c>https://NAME.NAMESPACE.svc:PORT</c>.
    /// </summary>
    public HttpMessageInvoker Pool(string caBundle, bool insecure = false)
    {
        var trust = new Trust(caBundle, insecure);
        if (!_pools.TryGetValue(trust, out var pool))
        {
            DropUnused();
            pool = _pools.GetOrAdd(trust, key => new ServicePool(new HttpMessageInvoker(Handler(key)), _time.GetTimestamp()));
        }

        return pool.Use(_time.GetTimestamp());
    }

    public static string Host(string ns, string name) => $"{name}.{ns}.svc";

    public void Dispose()
    {
        foreach (var pool in _pools.Values)
        {
            pool.Dispose();
        }
    }

    // Forgotten and not disposed: nothing is idle in them any more, and somebody may just be about to use one.
    private void DropUnused()
    {
        foreach (var entry in _pools.Where(entry => _time.GetElapsedTime(entry.Value.LastUse) > IdleTimeout * 2))
        {
            _pools.TryRemove(entry);
        }
    }

    private SocketsHttpHandler Handler(Trust trust)
    {
        var roots = Roots(trust.CaBundle);
        var options = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, roots, trust.Insecure),
        };
        if (clientCertificate is not null)
        {
            options.ClientCertificates = [clientCertificate];
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) => clientCertificate;
        }

        return new SocketsHttpHandler
        {
            SslOptions = options,
            ConnectCallback = ConnectAsync,
            PooledConnectionIdleTimeout = IdleTimeout,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
        };
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (host.Split('.') is [var name, var ns, "svc"])
            {
                await socket.ConnectAsync(resolver.Resolve(ns, name, context.DnsEndPoint.Port), cancellationToken);
            }
            else
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection roots, bool insecure)
    {
        if (insecure)
        {
            return true;
        }

        if (roots.Count == 0 || certificate is null)
        {
            return errors == SslPolicyErrors.None;
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        foreach (var element in chain?.ChainElements.AsEnumerable() ?? [])
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return own.Build((X509Certificate2)certificate);
    }

    private static X509Certificate2Collection Roots(string caBundle)
    {
        var roots = new X509Certificate2Collection();
        if (caBundle.Length > 0)
        {
            roots.ImportFromPem(System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(caBundle)));
        }

        return roots;
    }

    private sealed record Trust(string CaBundle, bool Insecure);
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Pki;

/// <summary>Keys and certificates of the cluster, in <c>DIR/pki</c>: made when missing, renewed when they end soon or names changed.</summary>
public sealed class ClusterPki : IDisposable
{
    private static readonly TimeSpan CaValidity = TimeSpan.FromDays(3650);
    private static readonly TimeSpan LeafValidity = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly string _directory;
    private readonly CertificateAuthority _authority;
    private readonly TimeProvider _time;

    private ClusterPki(string directory, CertificateAuthority authority, TimeProvider time)
    {
        _directory = directory;
        _authority = authority;
        _time = time;
        CaPem = authority.CertificatePem;
        Ca = X509Certificate2.CreateFromPem(CaPem);
    }

    public string CaPem { get; }

    /// <summary>The CA without its key.</summary>
    public X509Certificate2 Ca { get; }

    /// <summary>Opens the folder, making the CA when there is none.</summary>
    public static ClusterPki Open(string directory, TimeProvider time)
    {
        Directory.CreateDirectory(directory);
        var pair = Read(directory, "ca");
        CertificateAuthority authority;
        if (pair is null)
        {
            authority = CertificateAuthority.Create("godwit-ca", CaValidity, time);
            Write(directory, "ca", authority.Pair);
        }
        else
        {
            authority = CertificateAuthority.FromPem(pair, time);
        }

        return new ClusterPki(directory, authority, time);
    }

    /// <summary>The API server's certificate for these names and addresses.</summary>
    public X509Certificate2 Server(IReadOnlyList<string> dnsNames, IReadOnlyList<IPAddress> addresses)
    {
        var kept = Read(_directory, "apiserver");
        if (kept is not null)
        {
            using var certificate = kept.Load();
            var san = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
            if (IsFresh(certificate) && san is not null
                && dnsNames.All(n => san.EnumerateDnsNames().Contains(n, StringComparer.Ordinal)) && addresses.All(a => san.EnumerateIPAddresses().Contains(a)))
            {
                return Loaded(kept);
            }
        }

        var pair = _authority.Issue(new LeafRequest("kube-apiserver") { DnsNames = dnsNames, IpAddresses = addresses, Server = true, Validity = LeafValidity });
        Write(_directory, "apiserver", pair);
        return Loaded(pair);
    }

    /// <summary>A client certificate, kept under a file name.</summary>
    public CertificatePair Client(string file, string user, IReadOnlyList<string> groups)
    {
        var kept = Read(_directory, file);
        if (kept is not null)
        {
            using var certificate = kept.Load();
            if (IsFresh(certificate))
            {
                return kept;
            }
        }

        var pair = _authority.Issue(new LeafRequest(user) { Organizations = groups, Client = true, Validity = LeafValidity });
        Write(_directory, file, pair);
        return pair;
    }

    /// <summary>The key that signs service account tokens.</summary>
    public ECDsa ServiceAccountKey()
    {
        var path = Path.Combine(_directory, "sa.key");
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path))
        {
            key.ImportFromPem(File.ReadAllText(path));
        }
        else
        {
            WriteAtomically(path, key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        return key;
    }

    public void Dispose()
    {
        Ca.Dispose();
        _authority.Dispose();
    }

    private bool IsFresh(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = (_time.GetUtcNow() + RenewBefore).LocalDateTime;
        return chain.Build(certificate);
    }

    // Schannel-free platforms still want a key that is not ephemeral for TLS servers; a PKCS #12 round trip gives one.
    private static X509Certificate2 Loaded(CertificatePair pair)
    {
        using var certificate = pair.Load();
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private static CertificatePair? Read(string directory, string name)
    {
        var certificate = Path.Combine(directory, name + ".crt");
        var key = Path.Combine(directory, name + ".key");
        return File.Exists(certificate) && File.Exists(key) ? new CertificatePair(File.ReadAllText(certificate), File.ReadAllText(key)) : null;
    }

    private static void Write(string directory, string name, CertificatePair pair)
    {
        // The key first: a certificate without its key would look complete.
        WriteAtomically(Path.Combine(directory, name + ".key"), pair.KeyPem);
        WriteAtomically(Path.Combine(directory, name + ".crt"), pair.CertificatePem);
    }

    internal static void WriteAtomically(string path, string content)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(content));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}

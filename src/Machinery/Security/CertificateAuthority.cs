using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Godwit.Machinery;

/// <summary>A certificate authority in memory: issues leaf certificates for TLS servers and clients.</summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>Certificates begin a little in the past, for peers whose clocks are behind.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly X509Certificate2 _certificate;
    private readonly TimeProvider _clock;

    private CertificateAuthority(X509Certificate2 certificate, CertificatePair pair, TimeProvider clock)
    {
        _certificate = certificate;
        _clock = clock;
        Pair = pair;
    }

    /// <summary>The authority's own certificate and key.</summary>
    public CertificatePair Pair { get; }

    /// <summary>The certificate that others are to trust.</summary>
    public string CertificatePem => Pair.CertificatePem;

    public DateTimeOffset NotAfter => End(_certificate);

    /// <summary>A new self-signed authority.</summary>
    public static CertificateAuthority Create(
        string commonName, TimeSpan validity, TimeProvider? clock = null, KeyAlgorithm algorithm = KeyAlgorithm.EcP256)
    {
        clock ??= TimeProvider.System;
        using var key = NewKey(algorithm);
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        var request = Request(name.Build(), key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        // Leaf certificates refer to this; without it their authority key identifier cannot be made.
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = clock.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - ClockSkew, now + validity);
        return FromPem(new(certificate.ExportCertificatePem() + "\n", PrivateKeyPem(key)), clock);
    }

    /// <summary>An authority whose certificate and key were kept.</summary>
    public static CertificateAuthority FromPem(CertificatePair pair, TimeProvider? clock = null) =>
        new(pair.Load(), pair, clock ?? TimeProvider.System);

    /// <summary>When a certificate of this class was made: its validity begins earlier. To the second, rounded down.</summary>
    public static DateTimeOffset IssuedAt(X509Certificate2 certificate) => Begin(certificate) + ClockSkew;

    /// <summary>From when on a certificate is valid.</summary>
    public static DateTimeOffset Begin(X509Certificate2 certificate) => new(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>Until when a certificate is valid.</summary>
    public static DateTimeOffset End(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>A new key with a certificate for it; it never outlives the authority.</summary>
    public CertificatePair Issue(LeafRequest leaf)
    {
        using var key = NewKey(leaf.Algorithm);
        var name = new X500DistinguishedNameBuilder();
        foreach (var organization in leaf.Organizations)
        {
            name.AddOrganizationName(organization);
        }

        name.AddCommonName(leaf.CommonName);
        var request = Request(name.Build(), key);
        AddExtensions(request, leaf, key);
        var now = _clock.GetUtcNow();
        var end = now + leaf.Validity;
        var begin = now - ClockSkew;
        var issuerBegin = Begin(_certificate);
        using var certificate = request.Create(
            _certificate.SubjectName,
            Generator(),
            begin < issuerBegin ? issuerBegin : begin,
            end > NotAfter ? NotAfter : end,
            NewSerialNumber());
        return new(certificate.ExportCertificatePem() + "\n", PrivateKeyPem(key));
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    private void AddExtensions(CertificateRequest request, LeafRequest leaf, AsymmetricAlgorithm key)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        // GnuTLS refuses RSA certificates that may not encipher keys; for EC keys the bit is meaningless, and set for those who ask.
        var usage = X509KeyUsageFlags.DigitalSignature | (key is RSA || leaf.KeyEncipherment ? X509KeyUsageFlags.KeyEncipherment : X509KeyUsageFlags.None);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        var purposes = new OidCollection();
        if (leaf.Server)
        {
            purposes.Add(new Oid("1.3.6.1.5.5.7.3.1", "TLS server"));
        }

        if (leaf.Client)
        {
            purposes.Add(new Oid("1.3.6.1.5.5.7.3.2", "TLS client"));
        }

        if (purposes.Count > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        }

        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (leaf.DnsNames.Count + leaf.IpAddresses.Count > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var dns in leaf.DnsNames)
            {
                names.AddDnsName(dns);
            }

            foreach (var address in leaf.IpAddresses)
            {
                names.AddIpAddress(address);
            }

            request.CertificateExtensions.Add(names.Build());
        }
    }

    private X509SignatureGenerator Generator()
    {
        if (_certificate.GetECDsaPrivateKey() is { } ec)
        {
            return X509SignatureGenerator.CreateForECDsa(ec);
        }

        var rsa = _certificate.GetRSAPrivateKey() ?? throw new CryptographicException("The authority has neither an EC nor an RSA key.");
        return X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1);
    }

    private static AsymmetricAlgorithm NewKey(KeyAlgorithm algorithm) => algorithm switch
    {
        KeyAlgorithm.EcP256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        KeyAlgorithm.Rsa2048 => RSA.Create(2048),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Unknown kind of key."),
    };

    private static CertificateRequest Request(X500DistinguishedName name, AsymmetricAlgorithm key) => key switch
    {
        ECDsa ec => new(name, ec, HashAlgorithmName.SHA256),
        RSA rsa => new(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        _ => throw new ArgumentException("Unknown kind of key.", nameof(key)),
    };

    /// <summary>PKCS #8, which .NET, OpenSSL, GnuTLS and Go all read.</summary>
    private static string PrivateKeyPem(AsymmetricAlgorithm key) => key.ExportPkcs8PrivateKeyPem() + "\n";

    private static byte[] NewSerialNumber()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        // Positive, and without leading zeros.
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }
}

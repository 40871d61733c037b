using System.Security.Cryptography.X509Certificates;
using System.Text;
using Godwit.Qemu;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Migration;

/// <summary>The certificates of one migration, as PEM.</summary>
public sealed record MigrationCredentials(string Ca, string SourceCertificate, string SourceKey, string TargetCertificate, string TargetKey)
{
    public const string CaKey = "ca.crt";
    public const string SourceCertificateKey = "source.crt";
    public const string SourceKeyKey = "source.key";
    public const string TargetCertificateKey = "target.crt";
    public const string TargetKeyKey = "target.key";

    /// <summary>
    /// The group ffdhe2048 of RFC 7919. Without such a file QEMU searches for a group of its own whenever a server's credentials
    /// are loaded: half a second of work, or much more with bad luck, for a key exchange that is hardly ever used.
    /// </summary>
    private const string DiffieHellmanGroup = """
        -----BEGIN DH PARAMETERS-----
        MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
        +8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
        87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
        YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
        7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
        ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
        -----END DH PARAMETERS-----

        """;

    /// <summary>
    /// The source's name as GnuTLS writes it, which is what QEMU compares with: the parts in the reverse of their order in
    /// the certificate.
    /// </summary>
    public string SourceIdentity()
    {
        using var certificate = X509Certificate2.CreateFromPem(SourceCertificate);
        return string.Join(',', certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: true).Select(Part));
    }

    /// <summary>
    /// Writes what one side's QEMU reads, under the names that it wants. Nobody else may read it: the keys are in it.
    /// </summary>
    /// <param name="podFolder">The pod's folder, on the node.</param>
    /// <param name="uid">The migration's UID; what is written lies in <see cref="FolderIn"/>.</param>
    /// <param name="source">Whether it is the source's side.</param>
    /// <exception cref="MigrationException">Something that root has not made is in the way.</exception>
    public void Write(string podFolder, string uid, bool source)
    {
        var folder = $"{Owned(podFolder)}/{uid}";
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteFile(Path.Combine(folder, "ca-cert.pem"), Ca);
        WriteFile(Path.Combine(folder, source ? "client-cert.pem" : "server-cert.pem"), source ? SourceCertificate : TargetCertificate);
        WriteFile(Path.Combine(folder, source ? "client-key.pem" : "server-key.pem"), source ? SourceKey : TargetKey);
        if (!source)
        {
            WriteFile(Path.Combine(folder, "dh-params.pem"), DiffieHellmanGroup);
        }

        LauncherUser.Show(folder);
        LauncherUser.Show(Path.GetDirectoryName(folder)!);
    }

    /// <summary>Where one migration's credentials lie in a pod's folder, as the node or as the pod sees it.</summary>
    public static string FolderIn(string podFolder, string uid) => Path.Combine(podFolder, DomainFolder.Tls, uid);

    private static string Owned(string podFolder)
    {
        try
        {
            return PodFolder.Own(podFolder, DomainFolder.Tls);
        }
        catch (IOException e)
        {
            throw new MigrationException(e.Message, e);
        }
    }

    private static void WriteFile(string path, string content)
    {
        File.Delete(path);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(path, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(content));
        }

        LauncherUser.Show(path);
    }

    private static string Part(X500RelativeDistinguishedName part)
    {
        var type = part.GetSingleElementType();
        var name = type.Value switch
        {
            "2.5.4.3" => "CN",
            "2.5.4.10" => "O",
            "2.5.4.11" => "OU",
            "2.5.4.6" => "C",
            _ => throw new FormatException($"the source certificate's subject has a part {type.Value}; only CN, O, OU and C are known here"),
        };
        return $"{name}={part.GetSingleElementValue()}";
    }
}

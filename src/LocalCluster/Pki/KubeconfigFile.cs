using System.Text;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Pki;

/// <summary>Writes kubeconfigs that carry everything in themselves.</summary>
public static class KubeconfigFile
{
    /// <summary>Writes the file unless it already says the same.</summary>
    public static void Write(string path, string cluster, Uri server, string caPem, string user, CertificatePair client)
    {
        var text = $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: {cluster}
              cluster:
                server: {server.GetLeftPart(UriPartial.Authority)}
                certificate-authority-data: {Base64(caPem)}
            users:
            - name: {user}
              user:
                client-certificate-data: {Base64(client.CertificatePem)}
                client-key-data: {Base64(client.KeyPem)}
            contexts:
            - name: {cluster}
              context:
                cluster: {cluster}
                user: {user}
            current-context: {cluster}

            """;
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            ClusterPki.WriteAtomically(path, text);
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi.Serving;

/// <summary>
/// Gives the agents on the nodes what they need to serve consoles: a certificate of our authority in a Secret, and the
/// authorities to trust in a ConfigMap.
/// </summary>
public sealed partial class AgentCertificates(ApiClient api, ServingCertificates certificates, ILogger logger, TimeProvider clock)
{
    private static readonly NamespacedName Secret = new(Installation.Namespace, Consoles.HandlerSecret);
    private static readonly NamespacedName Trust = new(Installation.Namespace, Consoles.TrustConfigMap);

    /// <summary>Keeps both as they should be; failures are tried again.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                await PublishTrustAsync(ct);
                await PublishCertificateAsync(ct);
                backoff.Reset();
                await Task.Delay(CertificatePlan.CheckAfter, clock, ct);
            }
            catch (ApiException e)
            {
                LogFailed(logger, e.Message);
                await backoff.WaitAsync(clock, ct);
            }
        }
    }

    private async Task PublishTrustAsync(CancellationToken ct)
    {
        var map = await api.TryGetAsync(Kinds.ConfigMap, Trust, ct);
        if (map is null)
        {
            await api.CreateAsync(
                Kinds.ConfigMap, Document("ConfigMap", Trust, new JsonObject { [Consoles.TrustKey] = certificates.TrustBundle }), ct: ct);
        }
        else if (map.Text("data", Consoles.TrustKey) != certificates.TrustBundle)
        {
            map.Ensure("data")[Consoles.TrustKey] = certificates.TrustBundle;
            await api.ReplaceAsync(Kinds.ConfigMap, map, ct: ct);
        }
    }

    private async Task PublishCertificateAsync(CancellationToken ct)
    {
        var secret = await api.TryGetAsync(Kinds.Secret, Secret, ct);
        if (CertificatePlan.IsGood(Read(secret), certificates.Material, [Consoles.HandlerName], clock))
        {
            return;
        }

        using var authority = CertificateAuthority.FromPem(certificates.Material.Authority, clock);
        var pair = CertificatePlan.Issue(authority, [Consoles.HandlerName]);
        var data = new JsonObject { ["tls.crt"] = Encode(pair.CertificatePem), ["tls.key"] = Encode(pair.KeyPem) };
        if (secret is null)
        {
            var document = Document("Secret", Secret, data);
            document["type"] = "kubernetes.io/tls";
            await api.CreateAsync(Kinds.Secret, document, ct: ct);
        }
        else
        {
            secret["data"] = data;
            await api.ReplaceAsync(Kinds.Secret, secret, ct: ct);
        }

        LogIssued(logger, Secret);
    }

    /// <summary>The pair in a TLS Secret; null when there is none that can be used.</summary>
    private static CertificatePair? Read(JsonNode? secret)
    {
        if (secret.Text("data", "tls.crt") is not { } certificate || secret.Text("data", "tls.key") is not { } key)
        {
            return null;
        }

        try
        {
            var pair = new CertificatePair(
                Encoding.UTF8.GetString(Convert.FromBase64String(certificate)), Encoding.UTF8.GetString(Convert.FromBase64String(key)));
            pair.Load().Dispose();
            return pair;
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private static JsonObject Document(string kind, NamespacedName name, JsonObject data) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject
        {
            ["name"] = name.Name,
            ["namespace"] = name.Namespace,
            ["labels"] = new JsonObject { [Labels.App] = "" },
        },
        ["data"] = data,
    };

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [LoggerMessage(330, LogLevel.Information, "The agents' certificate in Secret {Secret} was made or renewed")]
    private static partial void LogIssued(ILogger logger, NamespacedName secret);

    [LoggerMessage(331, LogLevel.Warning, "The agents' certificate cannot be published: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, string error);
}

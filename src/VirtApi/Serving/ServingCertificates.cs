using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi.Serving;

/// <summary>
/// Keeps the certificates in their Secret as they should be, and the server on the newest of them without a restart. Several
/// replicas may do so at once: who writes second reads what the first wrote.
/// </summary>
public sealed partial class ServingCertificates : IDisposable
{
    private readonly ApiClient _api;
    private readonly NamespacedName _secret;
    private readonly IReadOnlyList<string> _names;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly List<X509Certificate2> _retired = [];
    private volatile X509Certificate2? _current;
    private CertificateMaterial? _material;

    public ServingCertificates(ApiClient api, NamespacedName secret, NamespacedName service, ILogger logger, TimeProvider clock)
    {
        _api = api;
        _secret = secret;
        _names =
        [
            $"{service.Name}.{service.Namespace}.svc",
            $"{service.Name}.{service.Namespace}.svc.cluster.local",
            service.Name,
            "localhost",
        ];
        _logger = logger;
        _clock = clock;
    }

    /// <summary>Called when the trust bundle has changed.</summary>
    public Action? BundleChanged { get; set; }

    /// <summary>The certificate for new connections.</summary>
    public X509Certificate2 Current => _current ?? throw new InvalidOperationException("There is no certificate yet.");

    /// <summary>The authorities that the API server is to trust, as PEM.</summary>
    public string TrustBundle => Material.TrustBundle;

    /// <summary>All that the Secret holds.</summary>
    public CertificateMaterial Material => _material ?? throw new InvalidOperationException("There is no certificate yet.");

    /// <summary>Waits for the first certificates, however long the API server takes.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        while (!await TryRefreshAsync(ct))
        {
            await backoff.WaitAsync(_clock, ct);
        }
    }

    /// <summary>Renews what is about to expire, and takes over what other replicas renewed.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await Task.Delay(CertificatePlan.CheckAfter, _clock, ct);
            await TryRefreshAsync(ct);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _current?.Dispose();
        _retired.ForEach(static certificate => certificate.Dispose());
    }

    private async Task<bool> TryRefreshAsync(CancellationToken ct)
    {
        try
        {
            var secret = await _api.TryGetAsync(Kinds.Secret, _secret, ct);
            var stored = CertificateMaterial.Read(secret);
            var wanted = CertificatePlan.Decide(stored, _names, _clock);
            if (!ReferenceEquals(stored, wanted))
            {
                await StoreAsync(secret, wanted, ct);
                LogRenewed(_logger, _secret);
            }

            Use(wanted);
            return true;
        }
        catch (ApiException e) when (e.IsConflict || e.IsAlreadyExists)
        {
            LogOtherReplica(_logger, _secret);
            return false;
        }
        catch (ApiException e)
        {
            LogFailed(_logger, _secret, e.Message);
            return false;
        }
    }

    private Task<JsonObject> StoreAsync(JsonObject? secret, CertificateMaterial material, CancellationToken ct)
    {
        if (secret is null)
        {
            return _api.CreateAsync(
                Kinds.Secret,
                new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Secret",
                    ["metadata"] = new JsonObject
                    {
                        ["name"] = _secret.Name,
                        ["namespace"] = _secret.Namespace,
                        ["labels"] = new JsonObject { [Labels.App] = "" },
                    },
                    ["type"] = "kubernetes.io/tls",
                    ["data"] = material.ToData(),
                },
                ct: ct);
        }

        secret["data"] = material.ToData();
        return _api.ReplaceAsync(Kinds.Secret, secret, ct: ct);
    }

    private void Use(CertificateMaterial material)
    {
        var before = _material;
        if (material.Serving != before?.Serving)
        {
            // Handshakes that are under way may still hold the old one; there are few in a process's life, so they are kept.
            if (_current is { } old)
            {
                _retired.Add(old);
            }

            _current = material.Serving.Load();
        }

        _material = material;
        if (material.TrustBundle != before?.TrustBundle)
        {
            BundleChanged?.Invoke();
        }
    }

    [LoggerMessage(310, LogLevel.Information, "Certificates in Secret {Secret} were made or renewed")]
    private static partial void LogRenewed(ILogger logger, NamespacedName secret);

    [LoggerMessage(311, LogLevel.Debug, "Another replica wrote Secret {Secret} first")]
    private static partial void LogOtherReplica(ILogger logger, NamespacedName secret);

    [LoggerMessage(312, LogLevel.Warning, "Cannot read or write Secret {Secret}: {Error}")]
    private static partial void LogFailed(ILogger logger, NamespacedName secret, string error);
}

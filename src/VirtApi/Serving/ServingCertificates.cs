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
    private readonly Informer<JsonObject> _secrets;
    private readonly Informer<KubeVirt> _settings;
    private readonly ControllerRunner _runner;
    private volatile X509Certificate2? _current;
    private volatile CertificateMaterial? _material;
    private volatile CertificateRotation _rotation = CertificateRotation.Default;
    private string? _judged;

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
        _secrets = new(api, Kinds.Secret, MachineryJson.Default.JsonObject, logger, clock, InformerOptions.One(secret));
        _settings = new(api, Kinds.KubeVirt, TypesJson.Default.KubeVirt, logger, clock, new() { Namespace = Installation.Namespace });
        _runner = new("certificates", ReconcileAsync, logger, clock, new() { Workers = 1, ReconcileTimeout = TimeSpan.FromSeconds(30), Metrics = api.Metrics });
        _secrets.OnChange(_ => _runner.Enqueue(secret));
        _settings.OnChange(_ => _runner.Enqueue(secret));
    }

    /// <summary>Called when the authorities, the trust bundle or the settings have changed.</summary>
    public Action? Changed { get; set; }

    /// <summary>Whether all that is to trust the bundle has been written; until then no new authority signs.</summary>
    public Func<bool> IsTrusted { get; set; } = static () => false;

    /// <summary>The certificate for new connections.</summary>
    public X509Certificate2 Current => _current ?? throw new InvalidOperationException("There is no certificate yet.");

    /// <summary>The authorities that others are to trust, as PEM.</summary>
    public string TrustBundle => Material.TrustBundle;

    /// <summary>All that the Secret holds.</summary>
    public CertificateMaterial Material => _material ?? throw new InvalidOperationException("There is no certificate yet.");

    /// <summary>How long certificates live.</summary>
    public CertificateRotation Rotation => _rotation;

    /// <summary>Waits for the first certificates, however long the API server takes.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        while (true)
        {
            try
            {
                await ReconcileAsync(_secret, ct);
                return;
            }
            catch (ApiException e) when (e.IsConflict || e.IsAlreadyExists)
            {
                // Another replica wrote first; what it wrote is as good.
                await backoff.WaitAsync(_clock, ct);
            }
            catch (ApiException e)
            {
                LogFailed(_logger, _secret, e.Message);
                await backoff.WaitAsync(_clock, ct);
            }
        }
    }

    /// <summary>Renews what is due, and takes over what other replicas renewed.</summary>
    public Task RunAsync(CancellationToken ct)
    {
        // The start has looked once; the next look may be due before anything changes.
        _runner.Enqueue(_secret);
        return TaskGroup.RunAsync(ct, _secrets.RunAsync, _settings.RunAsync, token => _runner.RunAsync(token), WatchClockAsync);
    }

    /// <inheritdoc/>
    public void Dispose() => _current?.Dispose();

    /// <summary>A step of the clock can make certificates that are in use invalid from one moment to the next, and no timer notices it.</summary>
    private async Task WatchClockAsync(CancellationToken ct)
    {
        var steps = new ClockSteps(_clock);
        while (true)
        {
            var step = await steps.WaitAsync(Timeout.InfiniteTimeSpan, ct);
            LogStepped(_logger, step!.Value.TotalSeconds);
            _runner.Enqueue(_secret);
            Changed?.Invoke();
        }
    }

    /// <summary>Reads past the caches: what is decided here must not rest on what another replica has replaced.</summary>
    private async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        var kubeVirts = await _api.ListAsync(Kinds.KubeVirt, Installation.Namespace, TypesJson.Default.KubeVirt, ct: ct);
        var secret = await _api.TryGetAsync(Kinds.Secret, key, ct);
        var stored = CertificateMaterial.Read(secret);
        var rotation = Read(kubeVirts.Items.OrderBy(static item => item.Metadata.Name, StringComparer.Ordinal).FirstOrDefault());
        var decision = CertificatePlan.Decide(stored, _names, rotation, stored is not null && stored == _material && IsTrusted(), _clock);
        if (!ReferenceEquals(stored, decision.Material))
        {
            await StoreAsync(secret, decision.Material, ct);
            CertificateLog.Write(_logger, key, decision.Changes);
        }

        Use(decision.Material, rotation);
        return Result.After(decision.Again);
    }

    /// <summary>The settings that hold; those that cannot be meant are complained of once for each version of the resource.</summary>
    private CertificateRotation Read(KubeVirt? kubeVirt)
    {
        if (kubeVirt?.Metadata.ResourceVersion is { } version && version != _judged)
        {
            _judged = version;
            foreach (var error in RotationValidation.Check(kubeVirt))
            {
                LogBadSetting(_logger, new(kubeVirt.Metadata.Namespace ?? "", kubeVirt.Metadata.Name ?? ""), error.ToString());
            }
        }

        return CertificateRotation.Resolve(kubeVirt);
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

    private void Use(CertificateMaterial material, CertificateRotation rotation)
    {
        var before = _material;
        var same = material == before && rotation == _rotation;
        if (material.Serving != before?.Serving)
        {
            // The old one is left to the garbage collector: handshakes that are under way may still hold it.
            _current = material.Serving.Load();
        }

        _material = material;
        _rotation = rotation;
        if (!same)
        {
            Changed?.Invoke();
        }
    }

    [LoggerMessage(312, LogLevel.Warning, "Cannot read or write Secret {Secret}: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, NamespacedName secret, string error);

    [LoggerMessage(314, LogLevel.Warning, "This node's clock was stepped by {Seconds:+0.0;-0.0} s; certificates are looked at anew")]
    private static partial void LogStepped(ILogger logger, double seconds);

    [LoggerMessage(313, LogLevel.Error, "KubeVirt {KubeVirt}: {Error}; certificates are renewed as if nothing were set")]
    private static partial void LogBadSetting(ILogger logger, NamespacedName kubeVirt, string error);
}

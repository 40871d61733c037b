using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi.Serving;

/// <summary>
/// Gives the other components their certificates of our authority, each in a Secret (the agents on the nodes serve consoles with
/// theirs, virt-controller its metrics), and the authorities to trust in a ConfigMap.
/// </summary>
public sealed class ComponentCertificates
{
    private static readonly Published[] Secrets =
    [
        new(new(Installation.Namespace, Consoles.HandlerSecret), "the agents' certificate", Consoles.HandlerName),
        new(new(Installation.Namespace, MonitoringNames.ControllerSecret), "virt-controller's certificate", MonitoringNames.ControllerName),
    ];

    private static readonly NamespacedName Trust = new(Installation.Namespace, Consoles.TrustConfigMap);
    private readonly ApiClient _api;
    private readonly ServingCertificates _certificates;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly Informer<JsonObject>[] _secrets;
    private readonly Informer<JsonObject> _maps;
    private readonly ControllerRunner _runner;
    private volatile string? _published;

    public ComponentCertificates(ApiClient api, ServingCertificates certificates, ILogger logger, TimeProvider clock)
    {
        _api = api;
        _certificates = certificates;
        _logger = logger;
        _clock = clock;
        _secrets = [.. Secrets.Select(one =>
            new Informer<JsonObject>(api, Kinds.Secret, MachineryJson.Default.JsonObject, logger, clock, InformerOptions.One(one.Secret)).OnChange(_ => Refresh()))];
        _maps = new(api, Kinds.ConfigMap, MachineryJson.Default.JsonObject, logger, clock, InformerOptions.One(Trust));
        _runner = new(
            "component-certificates",
            ReconcileAsync,
            logger,
            clock,
            new() { Workers = 1, ReconcileTimeout = TimeSpan.FromSeconds(30), Metrics = api.Metrics });
        _maps.OnChange(_ => Refresh());
    }

    /// <summary>Whether the others can read the whole present bundle.</summary>
    public bool IsPublished => _published == _certificates.TrustBundle;

    /// <summary>Looks again, as authorities or settings have changed.</summary>
    public void Refresh() => _runner.Enqueue(Trust);

    /// <summary>Keeps all as they should be; failures are tried again.</summary>
    public Task RunAsync(CancellationToken ct)
    {
        Refresh();
        return TaskGroup.RunAsync(
            ct, [.. _secrets.Select<Informer<JsonObject>, Func<CancellationToken, Task>>(static informer => informer.RunAsync), _maps.RunAsync, token => _runner.RunAsync(token)]);
    }

    private async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        var material = _certificates.Material;
        // Trust goes before what asks for it.
        await PublishTrustAsync(material.TrustBundle, ct);
        var again = TimeSpan.MaxValue;
        foreach (var one in Secrets)
        {
            var due = await PublishCertificateAsync(one, material, ct);
            again = due < again ? due : again;
        }

        return Result.After(again);
    }

    private async Task PublishTrustAsync(string bundle, CancellationToken ct)
    {
        var map = await _api.TryGetAsync(Kinds.ConfigMap, Trust, ct);
        if (map is null)
        {
            await _api.CreateAsync(Kinds.ConfigMap, Document("ConfigMap", Trust, new JsonObject { [Consoles.TrustKey] = bundle }), ct: ct);
        }
        else if (map.Text("data", Consoles.TrustKey) != bundle)
        {
            map.Ensure("data")[Consoles.TrustKey] = bundle;
            await _api.ReplaceAsync(Kinds.ConfigMap, map, ct: ct);
        }

        _published = bundle;
    }

    /// <summary>Also says when to look again.</summary>
    private async Task<TimeSpan> PublishCertificateAsync(Published published, CertificateMaterial material, CancellationToken ct)
    {
        var key = published.Secret;
        var secret = await _api.TryGetAsync(Kinds.Secret, key, ct);
        var current = SecretPair.Read(secret, "tls.crt", "tls.key");
        var decision = LeafPlan.Decide(published.What, current, material.Authority, [published.Name], _certificates.Rotation, _clock);
        if (decision.Change is { } change)
        {
            var data = new JsonObject();
            SecretPair.Write(data, "tls.crt", "tls.key", decision.Pair);
            if (secret is null)
            {
                var document = Document("Secret", key, data);
                document["type"] = "kubernetes.io/tls";
                await _api.CreateAsync(Kinds.Secret, document, ct: ct);
            }
            else
            {
                secret["data"] = data;
                await _api.ReplaceAsync(Kinds.Secret, secret, ct: ct);
            }

            CertificateLog.Write(_logger, key, [change]);
        }

        return Lifetime.Pause(_clock.GetUtcNow(), decision.Due);
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

    /// <summary>A certificate that others read.</summary>
    /// <param name="Secret">Where it is.</param>
    /// <param name="What">The certificate in words, for the log.</param>
    /// <param name="Name">The name that it carries.</param>
    private sealed record Published(NamespacedName Secret, string What, string Name);
}

using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.Types;

/// <summary>
/// The cluster's settings as they are now: follows the KubeVirt resource and the ConfigMap <c>kubevirt-config</c> and
/// merges them anew at each change. Settings that cannot be read leave those before them in force.
/// </summary>
public sealed partial class ConfigurationCache
{
    private readonly Lock _gate = new();
    private readonly Informer<KubeVirt> _kubeVirts;
    private readonly Informer<ConfigMap> _maps;
    private readonly ILogger _logger;
    private readonly List<Action> _handlers = [];
    private LegacyConfiguration? _legacy;
    private string? _legacyVersion;
    private volatile IReadOnlyList<string> _errors = [];
    private volatile ClusterConfiguration _current = ClusterConfiguration.Default;

    public ConfigurationCache(ApiClient api, ILogger logger, TimeProvider? clock = null)
    {
        _logger = logger;
        _kubeVirts = new Informer<KubeVirt>(
            api, Kinds.KubeVirt, TypesJson.Default.KubeVirt, logger, clock,
            new InformerOptions { Namespace = Installation.Namespace });
        _maps = new Informer<ConfigMap>(
            api, Kinds.ConfigMap, TypesJson.Default.ConfigMap, logger, clock,
            new InformerOptions
            {
                Namespace = Installation.Namespace,
                FieldSelector = $"metadata.name={Installation.ConfigMapName}",
            });
        _kubeVirts.OnChange(_ => Refresh());
        _maps.OnChange(_ => Refresh());
    }

    public ClusterConfiguration Current => _current;

    /// <summary>The KubeVirt resource of the installation, null when there is none.</summary>
    public KubeVirt? KubeVirt => _kubeVirts.List().OrderBy(item => item.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>The ConfigMap of 2020, null when there is none.</summary>
    public ConfigMap? ConfigMap => _maps.Get(new NamespacedName(Installation.Namespace, Installation.ConfigMapName));

    /// <summary>What in the ConfigMap cannot be read, so that what held before stays in force; empty when all is well.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Calls a handler after each change; to be set before the cache runs.</summary>
    public ConfigurationCache OnChange(Action handler)
    {
        _handlers.Add(handler);
        return this;
    }

    public Task RunAsync(CancellationToken ct) => TaskGroup.RunAsync(ct, _kubeVirts.RunAsync, _maps.RunAsync);

    public bool HasSynced => _kubeVirts.HasSynced && _maps.HasSynced;

    public Task WaitForSyncAsync(CancellationToken ct) =>
        Task.WhenAll(_kubeVirts.WaitForSyncAsync(ct), _maps.WaitForSyncAsync(ct));

    private void Refresh()
    {
        lock (_gate)
        {
            var map = ConfigMap;
            if (map is null)
            {
                _legacy = null;
                _legacyVersion = null;
            }
            else if (map.Metadata.ResourceVersion != _legacyVersion)
            {
                _legacyVersion = map.Metadata.ResourceVersion;
                _legacy = LegacyConfiguration.Read(map, _legacy);
                foreach (var error in _legacy.Errors)
                {
                    LogUnreadable(_logger, error);
                }
            }

            _errors = _legacy?.Errors ?? [];
            _current = ClusterConfiguration.Resolve(KubeVirt, _legacy);
        }

        foreach (var handler in _handlers)
        {
            handler();
        }
    }

    [LoggerMessage(200, LogLevel.Error, "ConfigMap kubevirt-config: {Error}; what held before stays in force")]
    private static partial void LogUnreadable(ILogger logger, string error);
}

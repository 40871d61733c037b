using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi.Admission;

/// <summary>
/// Gathers what admission depends on, straight from the API server and not from a cache: a user who switches a gate on and
/// then creates a migration must not meet yesterday's answer.
/// </summary>
public sealed partial class ClusterFacts(ApiClient api, ILogger logger)
{
    private LegacyConfiguration? _lastLegacy;

    /// <summary>The settings that hold now. Parts of the old ConfigMap that cannot be read keep their last good value.</summary>
    public async Task<ClusterConfiguration> ConfigurationAsync(CancellationToken ct)
    {
        var map = await api.TryGetAsync(
            Kinds.ConfigMap, new(Installation.Namespace, Installation.ConfigMapName), TypesJson.Default.ConfigMap, ct);
        var kubeVirts = await api.ListAsync(Kinds.KubeVirt, Installation.Namespace, TypesJson.Default.KubeVirt, ct: ct);
        var legacy = map is null ? null : LegacyConfiguration.Read(map, _lastLegacy);
        foreach (var error in legacy?.Errors ?? [])
        {
            LogBadSetting(logger, Installation.ConfigMapName, error);
        }

        _lastLegacy = legacy;
        return ClusterConfiguration.Resolve(kubeVirts.Items is [var first, ..] ? first : null, legacy);
    }

    /// <summary>The network as it is given, when its definition is not there or nothing in the cluster knows such definitions.</summary>
    public async Task<MigrationNetworkName?> MissingAsync(MigrationNetworkName? network, CancellationToken ct) =>
        network is null || await api.TryGetAsync(Kinds.NetworkAttachmentDefinition, new(network.Namespace, network.Name), ct) is not null ? null : network;

    /// <summary>All that a new migration is judged by.</summary>
    public async Task<MigrationAdmissionFacts> ForMigrationAsync(AdmissionRequest request, CancellationToken ct)
    {
        var name = request.Object.Text("spec", "vmiName");
        var cluster = await ConfigurationAsync(ct);
        if (string.IsNullOrEmpty(name))
        {
            return new() { Namespace = request.Key.Namespace, Cluster = cluster, ByController = ByController(request) };
        }

        var vmi = api.TryGetAsync(
            Kinds.VirtualMachineInstance, new(request.NamespacedKey.Namespace, name), TypesJson.Default.VirtualMachineInstance, ct);
        var others = api.ListAsync(
            Kinds.VirtualMachineInstanceMigration, request.Key.Namespace, TypesJson.Default.VirtualMachineInstanceMigration, ct: ct);
        return new()
        {
            Vmi = await vmi,
            Others = (await others).Items,
            Namespace = request.Key.Namespace,
            Cluster = cluster,
            ByController = ByController(request),
        };
    }

    /// <summary>All that an eviction is judged by.</summary>
    public async Task<EvictionFacts> ForEvictionAsync(AdmissionRequest request, CancellationToken ct)
    {
        Pod? pod;
        try
        {
            pod = await api.TryGetAsync(Kinds.Pod, request.NamespacedKey, TypesJson.Default.Pod, ct);
        }
        catch (ApiException e) when (!e.IsUnreachable)
        {
            pod = null;
        }

        if (EvictionAdmission.GuardedVmi(pod) is not { } key)
        {
            return new() { Pod = pod, Cluster = ClusterConfiguration.Default };
        }

        var cluster = await ConfigurationAsync(ct);
        try
        {
            var vmi = await api.GetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, ct: ct);
            return new() { Pod = pod, Vmi = vmi, Cluster = cluster };
        }
        catch (ApiException e)
        {
            return new() { Pod = pod, VmiError = e.Status.Message ?? e.Message, Cluster = cluster };
        }
    }

    private static bool ByController(AdmissionRequest request) => request.Username == Installation.ControllerUser;

    [LoggerMessage(300, LogLevel.Error, "ConfigMap {ConfigMap}: {Error}; the setting keeps its last good value")]
    private static partial void LogBadSetting(ILogger logger, string configMap, string error);
}

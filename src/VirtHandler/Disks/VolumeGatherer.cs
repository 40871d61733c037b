using System.Text.Json.Serialization.Metadata;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Disks;

/// <summary>Reads the claims, secrets and config maps that a VMI's volumes name.</summary>
public sealed class VolumeGatherer(ApiClient api)
{
    public async Task<VolumeFacts> ClaimsAsync(VirtualMachineInstance vmi, CancellationToken cancellationToken) => new()
    {
        Claims = await ReadAsync(vmi, Kinds.PersistentVolumeClaim, TypesJson.Default.PersistentVolumeClaim, (vmi.Spec?.Volumes ?? []).Select(VolumeRequests.ClaimName), cancellationToken),
    };

    public async Task<VolumeFacts> AllAsync(VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        var volumes = vmi.Spec?.Volumes ?? [];
        return await ClaimsAsync(vmi, cancellationToken) with
        {
            Secrets = await ReadAsync(
                vmi,
                Kinds.Secret,
                TypesJson.Default.Secret,
                volumes.SelectMany(volume => new[] { volume.CloudInitNoCloud, volume.CloudInitConfigDrive })
                    .SelectMany(cloud => new[] { cloud?.SecretRef?.Name, cloud?.NetworkDataSecretRef?.Name })
                    .Concat(volumes.Select(volume => volume.Secret?.SecretName)),
                cancellationToken),
            ConfigMaps = await ReadAsync(vmi, Kinds.ConfigMap, TypesJson.Default.ConfigMap, volumes.Select(volume => volume.ConfigMap?.Name), cancellationToken),
        };
    }

    private async Task<Dictionary<string, T>> ReadAsync<T>(
        VirtualMachineInstance vmi, ResourceKind kind, JsonTypeInfo<T> type, IEnumerable<string?> names, CancellationToken cancellationToken)
        where T : class
    {
        var found = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var name in names.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (await api.TryGetAsync(kind, new NamespacedName(vmi.Metadata.Namespace!, name), type, cancellationToken) is { } item)
            {
                found[name] = item;
            }
        }

        return found;
    }
}

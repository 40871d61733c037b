using System.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Gathers the files of volumes that are made of API objects.</summary>
internal sealed class VolumeFiles(ApiClient api, KubeletOptions options)
{
    private const int DefaultMode = 0x1A4; // 0644

    /// <summary>Files by their path in the volume; null when the volume is of another kind.</summary>
    public async Task<IReadOnlyDictionary<string, (byte[] Content, int Mode)>?> GatherAsync(
        Pod pod, Volume volume, string? podIp, CancellationToken cancellation)
    {
        var files = new Dictionary<string, (byte[], int)>(StringComparer.Ordinal);
        switch (volume)
        {
            case { ConfigMap: { } source }:
                Pick(files, await ConfigMapAsync(pod, source.Name, source.Optional, cancellation), source.Items, source.DefaultMode, source.Optional, $"configmap \"{source.Name}\"");
                return files;
            case { Secret: { } source }:
                Pick(files, await SecretAsync(pod, source.SecretName, source.Optional, cancellation), source.Items, source.DefaultMode, source.Optional, $"secret \"{source.SecretName}\"");
                return files;
            case { DownwardApi: { } source }:
                Downward(files, pod, source.Items, source.DefaultMode, podIp);
                return files;
            case { Projected: { } source }:
                foreach (var projection in source.Sources ?? [])
                {
                    await ProjectAsync(files, pod, projection, source.DefaultMode, podIp, cancellation);
                }
                return files;
            default:
                return null;
        }
    }

    private async Task ProjectAsync(
        Dictionary<string, (byte[], int)> files, Pod pod, Projection projection, int? mode, string? podIp, CancellationToken cancellation)
    {
        if (projection.ConfigMap is { } configMap)
        {
            Pick(files, await ConfigMapAsync(pod, configMap.Name, configMap.Optional, cancellation), configMap.Items, mode, configMap.Optional, $"configmap \"{configMap.Name}\"");
        }
        if (projection.Secret is { } secret)
        {
            Pick(files, await SecretAsync(pod, secret.Name, secret.Optional, cancellation), secret.Items, mode, secret.Optional, $"secret \"{secret.Name}\"");
        }
        if (projection.DownwardApi is { } downward)
        {
            Downward(files, pod, downward.Items, mode, podIp);
        }
        if (projection.ServiceAccountToken is { } token && await TokenAsync(pod, token, cancellation) is { } value)
        {
            files[token.Path] = (Encoding.UTF8.GetBytes(value), mode ?? DefaultMode);
        }
    }

    private void Downward(Dictionary<string, (byte[], int)> files, Pod pod, List<DownwardApiFile>? items, int? mode, string? podIp)
    {
        foreach (var item in items ?? [])
        {
            var text = item.FieldRef is { } field
                ? DownwardApi.Field(pod, field.FieldPath, podIp, options.Place.Address.ToString())
                : DownwardApi.Resource(pod, item.ResourceFieldRef!, null, options.Capacity);
            files[item.Path] = (Encoding.UTF8.GetBytes(text), item.Mode ?? mode ?? DefaultMode);
        }
    }

    private static void Pick(
        Dictionary<string, (byte[], int)> files, Dictionary<string, byte[]>? data, List<KeyToPath>? items, int? mode, bool? optional, string owner)
    {
        if (data is null)
        {
            return;
        }
        if (items is null or { Count: 0 })
        {
            foreach (var (key, value) in data)
            {
                files[key] = (value, mode ?? DefaultMode);
            }
            return;
        }
        foreach (var item in items)
        {
            if (data.TryGetValue(item.Key, out var value))
            {
                files[item.Path] = (value, item.Mode ?? mode ?? DefaultMode);
            }
            else if (optional != true)
            {
                throw new VolumeException($"{owner} references non-existent config key: {item.Key}");
            }
        }
    }

    private async Task<Dictionary<string, byte[]>?> ConfigMapAsync(Pod pod, string name, bool? optional, CancellationToken cancellation)
    {
        var found = await api.TryGetAsync(NodeKinds.ConfigMap, new(pod.Metadata.Namespace!, name), ObjectsJson.Default.ConfigMap, cancellation);
        if (found is null)
        {
            return optional == true ? null : throw new VolumeException($"configmap \"{name}\" not found");
        }
        var data = (found.Data ?? []).ToDictionary(d => d.Key, d => Encoding.UTF8.GetBytes(d.Value), StringComparer.Ordinal);
        foreach (var (key, value) in found.BinaryData ?? [])
        {
            data[key] = Convert.FromBase64String(value);
        }
        return data;
    }

    private async Task<Dictionary<string, byte[]>?> SecretAsync(Pod pod, string name, bool? optional, CancellationToken cancellation)
    {
        var found = await api.TryGetAsync(NodeKinds.Secret, new(pod.Metadata.Namespace!, name), ObjectsJson.Default.Secret, cancellation);
        if (found is null)
        {
            return optional == true ? null : throw new VolumeException($"secret \"{name}\" not found");
        }
        return (found.Data ?? []).ToDictionary(d => d.Key, d => Convert.FromBase64String(d.Value), StringComparer.Ordinal);
    }

    /// <summary>Null when the server gives no tokens: the pod then runs without one.</summary>
    private async Task<string?> TokenAsync(Pod pod, TokenProjection token, CancellationToken cancellation)
    {
        var request = new JsonObject
        {
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["kind"] = "TokenRequest",
            ["spec"] = new JsonObject
            {
                ["audiences"] = token.Audience is { } audience ? new JsonArray(audience) : new JsonArray(),
                ["expirationSeconds"] = token.ExpirationSeconds ?? 3607,
                ["boundObjectRef"] = new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Pod",
                    ["name"] = pod.Metadata.Name,
                    ["uid"] = pod.Metadata.Uid,
                },
            },
        };
        try
        {
            var account = new NamespacedName(pod.Metadata.Namespace!, pod.Spec.ServiceAccountName ?? "default");
            var answer = await api.CreateSubresourceAsync(NodeKinds.ServiceAccount, account, "token", request, cancellation);
            return answer.Text("status", "token");
        }
        catch (ApiException e) when (e.Code is 404 or 405 or 501)
        {
            return null;
        }
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Computes a container's environment variables; ConfigMaps and Secrets are read when they are needed.</summary>
public sealed class PodEnvironment(ApiClient api, KubeletOptions options)
{
    /// <summary>Variables by name; those that are inherited, from the image and its devices, come first and are overridden.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ResolveAsync(
        Pod pod, Container container, IEnumerable<string> inherited, string? podIp, CancellationToken cancellation)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in inherited.Select(e => e.Split('=', 2)))
        {
            result[pair[0]] = pair.Length > 1 ? pair[1] : "";
        }
        result["HOSTNAME"] = LaunchBuilder.Hostname(pod);
        var links = pod.Spec.EnableServiceLinks != false;
        foreach (var (name, value) in ServiceEnvironment.Of(await ServicesAsync(pod.Metadata.Namespace!, links, cancellation), pod.Metadata.Namespace!, links))
        {
            result[name] = value;
        }
        foreach (var source in container.EnvFrom ?? [])
        {
            await AddAllAsync(pod, source, result, cancellation);
        }
        foreach (var variable in container.Env ?? [])
        {
            var value = variable.ValueFrom is { } from
                ? await FromAsync(pod, container, variable.Name, from, podIp, cancellation)
                : Expansion.Expand(variable.Value ?? "", result);
            if (value is not null)
            {
                result[variable.Name] = value;
            }
        }
        return result;
    }

    private async Task<IReadOnlyList<JsonObject>> ServicesAsync(string @namespace, bool links, CancellationToken cancellation)
    {
        var server = await api.TryGetAsync(NodeKinds.Service, new(ServiceEnvironment.ApiServerNamespace, ServiceEnvironment.ApiServer), cancellation);
        var others = links ? (await api.ListAsync(NodeKinds.Service, @namespace, ct: cancellation)).Items : [];
        return server is null ? others : [server, .. others];
    }

    private async Task AddAllAsync(Pod pod, EnvFromSource source, Dictionary<string, string> result, CancellationToken cancellation)
    {
        if (source.ConfigMapRef is { } configMap)
        {
            var data = (await ConfigMapAsync(pod, configMap.Name, configMap.Optional, cancellation))?.Data;
            foreach (var (key, value) in data ?? [])
            {
                result[source.Prefix + key] = value;
            }
        }
        if (source.SecretRef is { } secret)
        {
            var data = (await SecretAsync(pod, secret.Name, secret.Optional, cancellation))?.Data;
            foreach (var (key, value) in data ?? [])
            {
                result[source.Prefix + key] = Decode(value);
            }
        }
    }

    private async Task<string?> FromAsync(Pod pod, Container container, string name, EnvVarSource from, string? podIp, CancellationToken cancellation)
    {
        switch (from)
        {
            case { FieldRef: { } field }:
                return DownwardApi.Field(pod, field.FieldPath, podIp, options.Place.Address.ToString());
            case { ResourceFieldRef: { } resource }:
                return DownwardApi.Resource(pod, resource, container.Name, options.Capacity);
            case { ConfigMapKeyRef: { } key }:
                var configMap = await ConfigMapAsync(pod, key.Name, key.Optional, cancellation);
                return Pick(configMap?.Data?.GetValueOrDefault(key.Key), key, $"ConfigMap {pod.Metadata.Namespace}/{key.Name}");
            case { SecretKeyRef: { } key }:
                var secret = await SecretAsync(pod, key.Name, key.Optional, cancellation);
                return Pick(secret?.Data?.GetValueOrDefault(key.Key) is { } value ? Decode(value) : null, key, $"Secret {pod.Metadata.Namespace}/{key.Name}");
            default:
                throw new PodConfigException("CreateContainerConfigError", $"environment variable {name} has no source");
        }
    }

    private static string? Pick(string? value, KeyReference key, string owner) => value is null && key.Optional != true
        ? throw new PodConfigException("CreateContainerConfigError", $"couldn't find key {key.Key} in {owner}")
        : value;

    private async Task<ConfigMap?> ConfigMapAsync(Pod pod, string name, bool? optional, CancellationToken cancellation) =>
        await api.TryGetAsync(NodeKinds.ConfigMap, new(pod.Metadata.Namespace!, name), ObjectsJson.Default.ConfigMap, cancellation)
        ?? (optional == true ? null : throw new PodConfigException("CreateContainerConfigError", $"configmap \"{name}\" not found"));

    private async Task<Secret?> SecretAsync(Pod pod, string name, bool? optional, CancellationToken cancellation) =>
        await api.TryGetAsync(NodeKinds.Secret, new(pod.Metadata.Namespace!, name), ObjectsJson.Default.Secret, cancellation)
        ?? (optional == true ? null : throw new PodConfigException("CreateContainerConfigError", $"secret \"{name}\" not found"));

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}

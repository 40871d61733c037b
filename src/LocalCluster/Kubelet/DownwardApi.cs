using System.Text;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>What a pod may learn about itself; pure.</summary>
public static class DownwardApi
{
    /// <param name="pod">The pod as it is now.</param>
    /// <param name="fieldPath">Such as <c>metadata.labels['app']</c>.</param>
    /// <param name="podIp">Its address, known before its status says so.</param>
    /// <param name="hostIp">Its node's address.</param>
    public static string Field(Pod pod, string fieldPath, string? podIp, string hostIp) => fieldPath switch
    {
        "metadata.name" => pod.Metadata.Name,
        "metadata.namespace" => pod.Metadata.Namespace ?? "",
        "metadata.uid" => pod.Metadata.Uid,
        "metadata.labels" => Lines(pod.Metadata.Labels),
        "metadata.annotations" => Lines(pod.Metadata.Annotations),
        "spec.nodeName" => pod.Spec.NodeName ?? "",
        "spec.serviceAccountName" => pod.Spec.ServiceAccountName ?? "",
        "status.hostIP" or "status.hostIPs" => hostIp,
        "status.podIP" or "status.podIPs" => podIp ?? "",
        _ when Keyed(fieldPath, "metadata.labels") is { } label => pod.Metadata.Labels?.GetValueOrDefault(label) ?? "",
        _ when Keyed(fieldPath, "metadata.annotations") is { } annotation => pod.Metadata.Annotations?.GetValueOrDefault(annotation) ?? "",
        _ => throw new PodConfigException("CreateContainerConfigError", $"fieldPath {fieldPath} is not supported"),
    };

    /// <summary>A resource of a container, in its divisor's units; what has no limit is limited by the node.</summary>
    public static string Resource(Pod pod, ResourceFieldReference reference, string? container, IReadOnlyDictionary<string, string> nodeCapacity)
    {
        var name = reference.ContainerName ?? container;
        var owner = pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).FirstOrDefault(c => c.Name == name)
            ?? throw new PodConfigException("CreateContainerConfigError", $"container {name} not found in pod");
        var (kind, resource) = reference.Resource.Split('.', 2) is [var k, var r] ? (k, r) : ("", reference.Resource);
        var value = kind switch
        {
            "limits" => owner.Resources?.Limits?.GetValueOrDefault(resource) ?? nodeCapacity.GetValueOrDefault(resource),
            "requests" => owner.Resources?.Requests?.GetValueOrDefault(resource),
            _ => throw new PodConfigException("CreateContainerConfigError", $"resource {reference.Resource} is not supported"),
        };
        var divisor = Amounts.Milli(reference.Divisor);
        return $"{(long)Math.Ceiling(Amounts.Milli(value) / (double)(divisor == 0 ? 1000 : divisor))}";
    }

    private static string? Keyed(string path, string prefix) =>
        path.StartsWith(prefix + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? path[(prefix.Length + 2)..^2]
            : null;

    private static string Lines(Dictionary<string, string>? values)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in (values ?? []).OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            var quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(key).Append("=\"").Append(quoted).Append("\"\n");
        }
        return text.ToString();
    }
}

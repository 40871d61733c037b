using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>A pod's resolv.conf: the machine's own (there is no cluster DNS here) with what the pod adds; pure.</summary>
public static class ResolverConfig
{
    public static string Of(Pod pod, string host)
    {
        var lines = pod.Spec.DnsPolicy == "None" ? [] : host.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] is not ('#' or ';')).ToList();
        if (pod.Spec.DnsConfig is { } config)
        {
            lines.AddRange((config.Nameservers ?? []).Select(n => $"nameserver {n}"));
            if (config.Searches is { Count: > 0 } searches)
            {
                lines.Add($"search {string.Join(' ', searches)}");
            }
            if (config.Options is { Count: > 0 } options)
            {
                lines.Add($"options {string.Join(' ', options.Select(o => o.Value is null ? o.Name : $"{o.Name}:{o.Value}"))}");
            }
        }
        return string.Join('\n', lines) + "\n";
    }
}

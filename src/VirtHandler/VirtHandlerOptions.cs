namespace Godwit.VirtHandler;

/// <summary>Which node an agent is for, and where that node's things are.</summary>
public sealed record VirtHandlerOptions
{
    /// <summary>The node's name in the API.</summary>
    public required string Node { get; init; }

    /// <summary>The kubelet's folder as this agent sees it; <c>pods/&lt;UID&gt;</c> lie in it.</summary>
    public string KubeletRoot { get; init; } = "/var/lib/kubelet";

    /// <summary>How many launcher pods can be given each device; KubeVirt's own number.</summary>
    public int DevicesPerNode { get; init; } = 1000;

    /// <summary>Port of <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c> at the node's address, if the client counts; KubeVirt's own number.</summary>
    public int MetricsPort { get; init; } = Monitoring.MonitoringOptions.Port;

    /// <summary>Told once the caches are filled and guests are looked after.</summary>
    public Action? Ready { get; init; }

    public string QemuBinary { get; init; } = "qemu-system-x86_64";

    /// <summary>The node is reported as alive this often; KubeVirt's own period.</summary>
    public TimeSpan HeartbeatPeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>VMIs looked after at the same time.</summary>
    public int Workers { get; init; } = 8;
}

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Everything that decides how a container's process runs; facts only, resolved from pod, image and node.</summary>
public sealed record ContainerLaunch
{
    public required IReadOnlyList<string> Arguments { get; init; }
    public required IReadOnlyList<string> Environment { get; init; }
    public required string WorkingDirectory { get; init; }
    public required string RootPath { get; init; }
    public required string Hostname { get; init; }
    public required string NetworkNamespacePath { get; init; }
    public required string CgroupsPath { get; init; }
    public long User { get; init; }
    public long Group { get; init; }
    public IReadOnlyList<long> AdditionalGroups { get; init; } = [];
    public IReadOnlyList<string> Capabilities { get; init; } = [];
    public bool Privileged { get; init; }
    public bool NoNewPrivileges { get; init; }

    /// <summary>Refuses the system calls that <see cref="DefaultSeccomp"/> lists.</summary>
    public bool Seccomp { get; init; }
    public bool ReadOnlyRoot { get; init; }
    public bool Tty { get; init; }
    public bool HostPid { get; init; }
    public bool HostIpc { get; init; }
    public IReadOnlyList<OciMount> Mounts { get; init; } = [];
    public IReadOnlyList<OciDevice> Devices { get; init; } = [];
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();
    public long CpuRequestMilli { get; init; }
    public long CpuLimitMilli { get; init; }
    public long MemoryLimit { get; init; }
}

namespace Godwit.Types;

/// <summary>Something that can become a disk; exactly one source.</summary>
public sealed record Volume : ApiPart
{
    public string? Name { get; init; }

    public ContainerDiskVolume? ContainerDisk { get; init; }

    public ClaimVolume? PersistentVolumeClaim { get; init; }

    public DataVolumeVolume? DataVolume { get; init; }

    public EphemeralVolume? Ephemeral { get; init; }

    public EmptyDiskVolume? EmptyDisk { get; init; }

    public HostDiskVolume? HostDisk { get; init; }

    public CloudInitVolume? CloudInitNoCloud { get; init; }

    public CloudInitVolume? CloudInitConfigDrive { get; init; }

    public SysprepVolume? Sysprep { get; init; }

    public ConfigMapVolume? ConfigMap { get; init; }

    public SecretVolume? Secret { get; init; }

    public DownwardAPIVolume? DownwardAPI { get; init; }

    public ServiceAccountVolume? ServiceAccount { get; init; }

    public EmptyObject? DownwardMetrics { get; init; }

    public MemoryDumpVolume? MemoryDump { get; init; }

    public ContainerPathVolume? ContainerPath { get; init; }
}

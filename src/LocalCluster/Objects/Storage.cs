namespace Godwit.LocalCluster.Objects;

/// <summary>A claim for storage.</summary>
public sealed record PersistentVolumeClaim
{
    public string ApiVersion { get; init; } = "v1";
    public string Kind { get; init; } = "PersistentVolumeClaim";
    public ObjectMeta Metadata { get; init; } = new();
    public ClaimSpec Spec { get; init; } = new();
    public ClaimStatus Status { get; init; } = new();
}

public sealed record ClaimSpec
{
    public List<string>? AccessModes { get; init; }
    public ResourceRequirements? Resources { get; init; }
    public string? StorageClassName { get; init; }
    public string? VolumeName { get; init; }
    public string? VolumeMode { get; init; }
    public LabelQuery? Selector { get; init; }
}

public sealed record ClaimStatus
{
    public string? Phase { get; init; }
    public List<string>? AccessModes { get; init; }
    public Dictionary<string, string>? Capacity { get; init; }
}

/// <summary>A piece of storage.</summary>
public sealed record PersistentVolume
{
    public string ApiVersion { get; init; } = "v1";
    public string Kind { get; init; } = "PersistentVolume";
    public ObjectMeta Metadata { get; init; } = new();
    public VolumeSpec Spec { get; init; } = new();
    public VolumeStatus Status { get; init; } = new();
}

public sealed record VolumeSpec
{
    public Dictionary<string, string>? Capacity { get; init; }
    public List<string>? AccessModes { get; init; }
    public string? PersistentVolumeReclaimPolicy { get; init; }
    public string? StorageClassName { get; init; }
    public string? VolumeMode { get; init; }
    public ObjectName? ClaimRef { get; init; }
    public HostPathSource? HostPath { get; init; }
    public HostPathSource? Local { get; init; }
    public VolumeNodeAffinity? NodeAffinity { get; init; }
}

public sealed record VolumeNodeAffinity
{
    public NodeSelector? Required { get; init; }
}

public sealed record VolumeStatus
{
    public string? Phase { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
}

/// <summary>How volumes of one class come to be.</summary>
public sealed record StorageClass
{
    public string ApiVersion { get; init; } = "storage.k8s.io/v1";
    public string Kind { get; init; } = "StorageClass";
    public ObjectMeta Metadata { get; init; } = new();
    public string Provisioner { get; init; } = "";
    public string? ReclaimPolicy { get; init; }
    public string? VolumeBindingMode { get; init; }
}

/// <summary>Configuration that pods read.</summary>
public sealed record ConfigMap
{
    public ObjectMeta Metadata { get; init; } = new();
    public Dictionary<string, string>? Data { get; init; }
    public Dictionary<string, string>? BinaryData { get; init; }
}

/// <summary>Secret values that pods read; <see cref="Data"/> is base64.</summary>
public sealed record Secret
{
    public ObjectMeta Metadata { get; init; } = new();
    public Dictionary<string, string>? Data { get; init; }
}

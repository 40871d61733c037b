using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Godwit.LocalCluster.Objects;

/// <summary>One container of a pod.</summary>
public sealed record Container
{
    public string Name { get; init; } = "";
    public string Image { get; init; } = "";
    public string? ImagePullPolicy { get; init; }
    public List<string>? Command { get; init; }
    public List<string>? Args { get; init; }
    public string? WorkingDir { get; init; }
    public List<EnvVar>? Env { get; init; }
    public List<EnvFromSource>? EnvFrom { get; init; }
    public List<ContainerPort>? Ports { get; init; }
    public ResourceRequirements? Resources { get; init; }
    public List<VolumeMount>? VolumeMounts { get; init; }
    public List<VolumeDevice>? VolumeDevices { get; init; }
    public SecurityContext? SecurityContext { get; init; }
    public Probe? LivenessProbe { get; init; }
    public Probe? ReadinessProbe { get; init; }
    public Probe? StartupProbe { get; init; }
    public Lifecycle? Lifecycle { get; init; }
    public string? RestartPolicy { get; init; }
    public bool? Stdin { get; init; }
    public bool? Tty { get; init; }
    public string? TerminationMessagePath { get; init; }
    public string? TerminationMessagePolicy { get; init; }
}

public sealed record EnvVar
{
    public string Name { get; init; } = "";
    public string? Value { get; init; }
    public EnvVarSource? ValueFrom { get; init; }
}

public sealed record EnvVarSource
{
    public KeyReference? ConfigMapKeyRef { get; init; }
    public KeyReference? SecretKeyRef { get; init; }
    public ObjectFieldReference? FieldRef { get; init; }
    public ResourceFieldReference? ResourceFieldRef { get; init; }
}

public sealed record KeyReference
{
    public string Name { get; init; } = "";
    public string Key { get; init; } = "";
    public bool? Optional { get; init; }
}

public sealed record ObjectFieldReference
{
    public string FieldPath { get; init; } = "";
}

public sealed record ResourceFieldReference
{
    public string? ContainerName { get; init; }
    public string Resource { get; init; } = "";
    public string? Divisor { get; init; }
}

public sealed record EnvFromSource
{
    public string? Prefix { get; init; }
    public ObjectName? ConfigMapRef { get; init; }
    public ObjectName? SecretRef { get; init; }
}

public sealed record ObjectName
{
    public string Name { get; init; } = "";
    public string? Namespace { get; init; }
    public string? Uid { get; init; }
    public bool? Optional { get; init; }
}

public sealed record ContainerPort
{
    public string? Name { get; init; }
    [JsonPropertyName("containerPort")]
    public int Port { get; init; }
    public int? HostPort { get; init; }
    public string? Protocol { get; init; }
}

public sealed record ResourceRequirements
{
    public Dictionary<string, string>? Limits { get; init; }
    public Dictionary<string, string>? Requests { get; init; }
}

public sealed record VolumeMount
{
    public string Name { get; init; } = "";
    public string MountPath { get; init; } = "";
    public string? SubPath { get; init; }
    public bool? ReadOnly { get; init; }
    public string? MountPropagation { get; init; }
}

/// <summary>Where a volume of mode Block appears in a container.</summary>
public sealed record VolumeDevice
{
    public string Name { get; init; } = "";
    public string DevicePath { get; init; } = "";
}

/// <summary>Security settings of one container; those of the pod fill the gaps.</summary>
public sealed record SecurityContext
{
    public long? RunAsUser { get; init; }
    public long? RunAsGroup { get; init; }
    public bool? RunAsNonRoot { get; init; }
    public bool? Privileged { get; init; }
    public bool? ReadOnlyRootFilesystem { get; init; }
    public bool? AllowPrivilegeEscalation { get; init; }
    public Capabilities? Capabilities { get; init; }
    public SeccompProfile? SeccompProfile { get; init; }
}

/// <summary>Which system calls are refused: <c>RuntimeDefault</c>, <c>Unconfined</c> or <c>Localhost</c> (a file of the node's).</summary>
public sealed record SeccompProfile
{
    public string Type { get; init; } = "";
}

public sealed record Capabilities
{
    public List<string>? Add { get; init; }
    public List<string>? Drop { get; init; }
}

public sealed record PodSecurityContext
{
    public long? RunAsUser { get; init; }
    public long? RunAsGroup { get; init; }
    public bool? RunAsNonRoot { get; init; }
    public long? FsGroup { get; init; }
    public List<long>? SupplementalGroups { get; init; }
    public List<Sysctl>? Sysctls { get; init; }
    public SeccompProfile? SeccompProfile { get; init; }
}

public sealed record Sysctl
{
    public string Name { get; init; } = "";
    public string Value { get; init; } = "";
}

/// <summary>A question put to a container again and again.</summary>
public sealed record Probe
{
    public ExecAction? Exec { get; init; }
    public HttpGetAction? HttpGet { get; init; }
    public TcpSocketAction? TcpSocket { get; init; }
    public int? InitialDelaySeconds { get; init; }
    public int? TimeoutSeconds { get; init; }
    public int? PeriodSeconds { get; init; }
    public int? SuccessThreshold { get; init; }
    public int? FailureThreshold { get; init; }
    public long? TerminationGracePeriodSeconds { get; init; }
}

public sealed record ExecAction
{
    public List<string>? Command { get; init; }
}

public sealed record HttpGetAction
{
    public string? Path { get; init; }
    public JsonNode? Port { get; init; }
    public string? Host { get; init; }
    public string? Scheme { get; init; }
    public List<HttpHeader>? HttpHeaders { get; init; }
}

public sealed record HttpHeader
{
    public string Name { get; init; } = "";
    public string Value { get; init; } = "";
}

public sealed record TcpSocketAction
{
    public JsonNode? Port { get; init; }
    public string? Host { get; init; }
}

public sealed record Lifecycle
{
    public LifecycleHandler? PostStart { get; init; }
    public LifecycleHandler? PreStop { get; init; }
}

public sealed record LifecycleHandler
{
    public ExecAction? Exec { get; init; }
    public HttpGetAction? HttpGet { get; init; }
}

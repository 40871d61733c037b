namespace Godwit.Types;

/// <summary>One container of a pod.</summary>
public sealed record Container : ApiPart
{
    public string? Name { get; init; }

    public string? Image { get; init; }

    public string? ImagePullPolicy { get; init; }

    public IReadOnlyList<string>? Command { get; init; }

    public IReadOnlyList<string>? Args { get; init; }

    public string? WorkingDir { get; init; }

    public IReadOnlyList<EnvVar>? Env { get; init; }

    public IReadOnlyList<ContainerPort>? Ports { get; init; }

    public ResourceRequirements? Resources { get; init; }

    public IReadOnlyList<VolumeMount>? VolumeMounts { get; init; }

    public IReadOnlyList<VolumeDevice>? VolumeDevices { get; init; }

    /// <summary><c>Always</c> makes an init container a sidecar: it runs as long as the pod's containers do.</summary>
    public string? RestartPolicy { get; init; }

    public ContainerSecurityContext? SecurityContext { get; init; }
}

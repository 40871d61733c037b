using System.Text.Json;

namespace Godwit.Types;

/// <summary>Privileges of one container.</summary>
public sealed record ContainerSecurityContext : ApiPart
{
    public bool? Privileged { get; init; }

    public bool? RunAsNonRoot { get; init; }

    public long? RunAsUser { get; init; }

    public long? RunAsGroup { get; init; }

    public bool? AllowPrivilegeEscalation { get; init; }

    public bool? ReadOnlyRootFilesystem { get; init; }

    public Capabilities? Capabilities { get; init; }

    public JsonElement? SeLinuxOptions { get; init; }

    public JsonElement? SeccompProfile { get; init; }
}

using System.Text.Json;

namespace Godwit.Types;

/// <summary>Privileges that the containers of a pod share.</summary>
public sealed record PodSecurityContext : ApiPart
{
    public bool? RunAsNonRoot { get; init; }

    public long? RunAsUser { get; init; }

    public long? RunAsGroup { get; init; }

    public long? FsGroup { get; init; }

    public JsonElement? SeLinuxOptions { get; init; }

    public JsonElement? SeccompProfile { get; init; }
}

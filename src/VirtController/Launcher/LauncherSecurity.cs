using System.Text.Json;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// As whom a launcher pod runs: as nobody in particular. All that needs the node's rights (network, device nodes, files) the agent
/// does for it, so the pod keeps to the pod security standard <c>restricted</c> as far as its volumes do.
/// </summary>
public static class LauncherSecurity
{
    private static readonly JsonElement RuntimeDefault = JsonElement.Parse("""{"type":"RuntimeDefault"}""");

    /// <summary>What holds for all containers; the group makes claims of mode Filesystem writable.</summary>
    public static PodSecurityContext OfPod() => new()
    {
        RunAsNonRoot = true,
        RunAsUser = Launcher.UserId,
        RunAsGroup = Launcher.UserId,
        FsGroup = Launcher.UserId,
        SeccompProfile = RuntimeDefault,
    };

    /// <summary>No capability is needed: taps are opened by the one they belong to, and ports are above 1023.</summary>
    public static ContainerSecurityContext OfContainer() => new()
    {
        AllowPrivilegeEscalation = false,
        Capabilities = new Capabilities { Drop = ["ALL"] },
    };
}

using Godwit.Types;

namespace Godwit.VirtHandler.Host;

/// <summary>Where one launcher pod lives on this node. Everything that belongs to it is found from its UID.</summary>
public sealed record PodPlace(string KubeletRoot, string PodUid)
{
    /// <summary>The pod's folder as this agent sees it.</summary>
    public string Folder => $"{KubeletRoot}/pods/{PodUid}/volumes/kubernetes.io~empty-dir/{Launcher.FolderVolume}";

    public string DomainFile => $"{Folder}/domain.json";

    public string StatusFile => $"{Folder}/status.json";

    public string DisksFolder => $"{Folder}/disks";

    public string ShutdownRequest => $"{Folder}/shutdown-requested";

    public string WatchSocket => $"{Folder}/watch.sock";

    /// <summary>What <paramref name="pathInside"/>, a path as the launcher sees it, is on the node.</summary>
    public static string Outside(int launcherPid, string pathInside) => RootedPath.Resolve($"/proc/{launcherPid}/root", pathInside);
}

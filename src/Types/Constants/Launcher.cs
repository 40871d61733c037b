namespace Godwit.Types;

/// <summary>Names that the launcher pod's maker and its users must agree on.</summary>
public static class Launcher
{
    public const string Container = "compute";

    /// <summary>The emptyDir volume that is the pod's folder.</summary>
    public const string FolderVolume = "godwit";
    public const string FolderPath = "/var/run/godwit";
    public const string ImagesPath = "/var/run/godwit-images";
    public const string VolumesPath = "/var/run/godwit-volumes";

    /// <summary>Where claims of mode Block are, each as a device named after its volume.</summary>
    public const string DevicesPath = "/dev";
    public const string KernelBootVolume = "kernel-boot";

    /// <summary>The emptyDir volume with the program that containers beside the launcher run, whose images are disks.</summary>
    public const string ContainerDisksVolume = "container-disks";

    /// <summary>Where such a container has that volume, in a folder named after the volume whose disk it holds: the agent finds it by that.</summary>
    public const string ContainerDisksPath = "/godwit-container-disks";
    public const string PodNamePrefix = "virt-launcher-";

    /// <summary>User and group of everything in a launcher pod; KubeVirt's own number, which disks in claims and images belong to.</summary>
    public const int UserId = 107;
    public const string TunDevice = "devices.kubevirt.io/tun";
    public const string KvmDevice = "devices.kubevirt.io/kvm";
    public const string VhostNetDevice = "devices.kubevirt.io/vhost-net";

    /// <summary>What a post-copy target fetches missing pages by.</summary>
    public const string UserfaultfdDevice = "devices.kubevirt.io/userfaultfd";

    /// <summary>The interface that pods have on a network for migrations alone; KubeVirt's name.</summary>
    public const string MigrationInterface = "migration0";

    /// <summary>Seconds that the pod gets beyond the guest's own grace period.</summary>
    public const int GraceMarginSeconds = 15;
    public const int DefaultGraceSeconds = 30;

    /// <summary>The secret with a migration's certificates, in <see cref="Installation.Namespace"/>.</summary>
    public static string MigrationSecretName(string migrationUid) => $"migration-{migrationUid}";
}

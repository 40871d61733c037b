using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// The containers beside a launcher whose images are its disks. Such an image need not hold a program, so an init container copies
/// one into a volume that they share, and all that it does is wait. Sidecars, because the kubelet has them running before the
/// launcher starts and ends them when it has ended: nothing keeps the pod from finishing.
/// </summary>
public static class ContainerDiskSidecars
{
    /// <summary>The name of the container that copies the program; KubeVirt's.</summary>
    public const string CopyName = "container-disk-binary";

    private const string KernelName = "kernel-boot-volume";
    private const string Program = "/bin/busybox";

    /// <summary>As the first process of its container, what it does not catch it would not hear.</summary>
    private const string Wait = "trap 'exit 0' TERM INT; while :; do \"$0\" sleep 86400 & wait $!; done";

    /// <summary>Empty when the guest has no disk or kernel in an image.</summary>
    /// <param name="spec">The VMI's.</param>
    /// <param name="policy">When the launcher's own image is pulled.</param>
    /// <param name="launcherImage">The image that has the program.</param>
    /// <param name="launcher">What the launcher asks for: where that makes its pod a guaranteed one, these keep it so.</param>
    public static IReadOnlyList<Container> For(VirtualMachineInstanceSpec spec, string policy, string launcherImage, ResourceRequirements launcher)
    {
        var images = LauncherVolumes.Images(spec);
        return images.Count == 0
            ? []
            : [Copy(policy, launcherImage, launcher), .. images.Select(image => Sidecar(image, launcher))];
    }

    /// <summary>The name of the container that holds the disk of a volume; KubeVirt's, where that is not too long.</summary>
    public static string NameFor(string volume) => volume == Launcher.KernelBootVolume ? KernelName : Names.ToLabelValue($"volume{volume}");

    private static Container Copy(string policy, string launcherImage, ResourceRequirements launcher) => new()
    {
        Name = CopyName,
        Image = launcherImage,
        ImagePullPolicy = policy,
        Command = [Program, "cp", Program, $"{Launcher.ContainerDisksPath}/busybox"],
        Resources = Resources(launcher),
        VolumeMounts = [new VolumeMount { Name = Launcher.ContainerDisksVolume, MountPath = Launcher.ContainerDisksPath }],
        SecurityContext = LauncherSecurity.OfContainer(),
    };

    private static Container Sidecar(PodVolume image, ResourceRequirements launcher)
    {
        var folder = $"{Launcher.ContainerDisksPath}/{image.Name}";
        return new Container
        {
            Name = NameFor(image.Name!),
            Image = image.Image!.Reference,
            ImagePullPolicy = image.Image.PullPolicy,
            RestartPolicy = "Always",
            Command = [$"{folder}/busybox", "sh", "-c", Wait, $"{folder}/busybox"],
            Resources = Resources(launcher),
            VolumeMounts = [new VolumeMount { Name = Launcher.ContainerDisksVolume, MountPath = folder, ReadOnly = true }],
            SecurityContext = LauncherSecurity.OfContainer(),
        };
    }

    private static ResourceRequirements Resources(ResourceRequirements launcher)
    {
        var limits = new Dictionary<string, string>(StringComparer.Ordinal) { ["cpu"] = "100m", ["memory"] = "40Mi" };
        var isGuaranteed = limits.Keys.All(name =>
            launcher.Limits?.GetValueOrDefault(name) is { } limit && launcher.Requests?.GetValueOrDefault(name) == limit);
        return new ResourceRequirements
        {
            Requests = isGuaranteed ? limits : new Dictionary<string, string>(StringComparer.Ordinal) { ["cpu"] = "1m", ["memory"] = "1Mi" },
            Limits = limits,
        };
    }
}

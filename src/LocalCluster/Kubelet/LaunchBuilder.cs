using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Puts together how a container is run, from pod, image, volumes and environment; pure but for looking whether a sub-path exists.</summary>
public static class LaunchBuilder
{
    private const int MaxHostname = 63;

    public static ContainerLaunch Build(
        Pod pod,
        Container container,
        ImageRecord image,
        string root,
        IReadOnlyList<OciMount> rootMounts,
        IReadOnlyDictionary<string, MountedVolume> volumes,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyList<OciMount> sharedFiles,
        string? terminationFile,
        ContainerDevices given,
        IReadOnlyList<string> available,
        string networkNamespacePath,
        string cgroupsPath)
    {
        var security = container.SecurityContext;
        var podSecurity = pod.Spec.SecurityContext;
        var (user, group) = User(security, podSecurity, image, root);
        var privileged = security?.Privileged == true;
        var mounts = new List<OciMount>(rootMounts);
        var mountPoints = (container.VolumeMounts ?? []).Select(m => m.MountPath).ToHashSet(StringComparer.Ordinal);
        mounts.AddRange(sharedFiles.Where(f => !mountPoints.Contains(f.Destination)));
        // Outer folders first, or they would hide what is mounted inside them.
        mounts.AddRange((container.VolumeMounts ?? []).OrderBy(m => m.MountPath.Count(c => c == '/')).ThenBy(m => m.MountPath, StringComparer.Ordinal)
            .Select(m => Mount(m, volumes, container, environment)));
        mounts.AddRange(given.Mounts.Where(m => !mountPoints.Contains(m.Destination)));
        if (terminationFile is not null)
        {
            mounts.Add(OciMount.Bind(terminationFile, container.TerminationMessagePath ?? "/dev/termination-log", readOnly: false));
        }
        return new ContainerLaunch
        {
            Arguments = Arguments(container, image, environment),
            Environment = [.. environment.Select(e => $"{e.Key}={e.Value}")],
            WorkingDirectory = container.WorkingDir ?? image.WorkingDirectory,
            RootPath = root,
            Hostname = Hostname(pod),
            NetworkNamespacePath = networkNamespacePath,
            CgroupsPath = cgroupsPath,
            User = user,
            Group = group,
            AdditionalGroups = [.. (podSecurity?.SupplementalGroups ?? []).Concat(podSecurity?.FsGroup is { } fs ? [fs] : [])],
            Capabilities = OciSpec.CapabilitiesOf(privileged, security?.Capabilities?.Add, security?.Capabilities?.Drop, available),
            Privileged = privileged,
            NoNewPrivileges = security?.AllowPrivilegeEscalation == false && !privileged,
            Seccomp = !privileged && IsConfined(security?.SeccompProfile ?? podSecurity?.SeccompProfile),
            ReadOnlyRoot = security?.ReadOnlyRootFilesystem == true,
            Tty = container.Tty == true,
            HostPid = pod.Spec.HostPid == true,
            HostIpc = pod.Spec.HostIpc == true,
            Mounts = mounts,
            Devices = given.Devices,
            Annotations = given.Annotations,
            Sysctls = (podSecurity?.Sysctls ?? []).ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal),
            CpuRequestMilli = Amounts.Milli(container.Resources?.Requests?.GetValueOrDefault("cpu") ?? container.Resources?.Limits?.GetValueOrDefault("cpu")),
            CpuLimitMilli = Amounts.Milli(container.Resources?.Limits?.GetValueOrDefault("cpu")),
            MemoryLimit = Amounts.Units(container.Resources?.Limits?.GetValueOrDefault("memory")),
        };
    }

    /// <summary>The block devices that a container asks for: those of the host, under the names that it gives them.</summary>
    /// <exception cref="PodConfigException">One is no block volume of the pod's.</exception>
    public static IReadOnlyList<AllocatedDevice> BlockDevices(Container container, IReadOnlyDictionary<string, MountedVolume> volumes) =>
        [.. (container.VolumeDevices ?? []).Select(device => volumes.GetValueOrDefault(device.Name) switch
        {
            { IsBlock: true } volume => new AllocatedDevice(volume.Path, device.DevicePath, volume.ReadOnly ? "r" : "rwm"),
            null => throw new PodConfigException("CreateContainerConfigError", $"container {container.Name} has device {device.Name}, for which the pod has no volume"),
            _ => throw new PodConfigException("CreateContainerConfigError", $"volume {device.Name} has volumeMode Filesystem, but is specified in volumeDevices"),
        })];

    /// <summary>The kernel takes 64 bytes; names of pods may be longer.</summary>
    public static string Hostname(Pod pod)
    {
        var name = pod.Spec.Hostname ?? pod.Metadata.Name;
        return name.Length <= MaxHostname ? name : name[..MaxHostname].TrimEnd('-', '.');
    }

    private static List<string> Arguments(Container container, ImageRecord image, IReadOnlyDictionary<string, string> environment)
    {
        // A command of the pod's own also replaces the image's arguments.
        var command = container.Command is { Count: > 0 } own ? own : image.Entrypoint;
        var arguments = container.Args is { Count: > 0 } given ? given : container.Command is { Count: > 0 } ? [] : image.Command;
        List<string> all = [.. command.Concat(arguments).Select(a => Expansion.Expand(a, environment))];
        return all.Count > 0 ? all : throw new PodConfigException("CreateContainerError", $"neither container {container.Name} nor image {container.Image} says what to run");
    }

    private static (long User, long Group) User(SecurityContext? security, PodSecurityContext? podSecurity, ImageRecord image, string root)
    {
        var asked = security?.RunAsUser ?? podSecurity?.RunAsUser;
        var (imageUser, imageGroup) = asked is null ? ImageUser.Resolve(image.User, root) : (asked.Value, 0);
        if ((security?.RunAsNonRoot ?? podSecurity?.RunAsNonRoot) == true && imageUser == 0)
        {
            throw new PodConfigException("CreateContainerConfigError", "container has runAsNonRoot and image will run as root");
        }
        return (imageUser, security?.RunAsGroup ?? podSecurity?.RunAsGroup ?? imageGroup);
    }

    private static bool IsConfined(SeccompProfile? profile) => profile?.Type switch
    {
        null or "Unconfined" => false,
        "RuntimeDefault" => true,
        var type => throw new PodConfigException("CreateContainerConfigError", $"seccompProfile.type {type} is not offered by this cluster; RuntimeDefault and Unconfined are"),
    };

    private static OciMount Mount(
        VolumeMount mount, IReadOnlyDictionary<string, MountedVolume> volumes, Container container, IReadOnlyDictionary<string, string> environment)
    {
        var volume = volumes.GetValueOrDefault(mount.Name)
            ?? throw new PodConfigException("CreateContainerConfigError", $"container {container.Name} mounts volume {mount.Name}, which the pod does not have");
        if (volume.IsBlock)
        {
            throw new PodConfigException("CreateContainerConfigError", $"volume {mount.Name} has volumeMode Block, but is specified in volumeMounts");
        }
        var source = volume.Path;
        if (mount.SubPath is { Length: > 0 } sub)
        {
            source = Path.GetFullPath(Path.Combine(volume.Path, Expansion.Expand(sub, environment)));
            if (!source.StartsWith(volume.Path + "/", StringComparison.Ordinal))
            {
                throw new PodConfigException("CreateContainerConfigError", $"sub-path {sub} leads out of volume {mount.Name}");
            }
            if (!Path.Exists(source))
            {
                Directory.CreateDirectory(source);
            }
        }
        var propagation = mount.MountPropagation switch { "Bidirectional" => "rshared", "HostToContainer" => "rslave", _ => "rprivate" };
        return OciMount.Bind(source, mount.MountPath, mount.ReadOnly == true || volume.ReadOnly, propagation);
    }
}

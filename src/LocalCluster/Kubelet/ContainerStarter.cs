using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Takes one container from "image is here" to "its process runs".</summary>
internal sealed class ContainerStarter(KubeletServices services)
{
    public async Task<ContainerRecord> StartAsync(
        Pod pod,
        StartOrder order,
        ImageState.Ready image,
        SandboxRecord sandbox,
        IReadOnlyDictionary<string, MountedVolume> volumes,
        Action<string, string> normal,
        CancellationToken cancellation)
    {
        var container = order.Container;
        var uid = pod.Metadata.Uid;
        var id = ContainerId.Of(uid, container.Name, order.Attempt);
        var record = new ContainerRecord
        {
            Id = id,
            PodUid = uid,
            Namespace = pod.Metadata.Namespace ?? "",
            Pod = pod.Metadata.Name,
            Name = container.Name,
            Attempt = order.Attempt,
            Crashes = order.Crashes,
            IsInit = order.IsInit,
            Image = container.Image,
            ImageId = image.Image.Digest.Length > 0 ? $"{image.Image.Reference.Split('@')[0]}@{image.Image.Digest}" : image.Image.Reference,
            LogPath = Path.Combine(services.Paths.LogFolder(pod.Metadata.Namespace ?? "", pod.Metadata.Name, uid, container.Name), $"{order.Attempt}.log"),
            CreatedAt = services.Time.GetUtcNow(),
            TerminationMessageFile = TerminationFile(pod, container, order.Attempt),
            TerminationMessagePolicy = container.TerminationMessagePolicy,
        };
        try
        {
            await ClearAsync(id, cancellation);
            var given = await services.Devices.AllocateAsync(pod, container, cancellation);
            var blocks = await DeviceNodes.ReadAsync(services.Tools, LaunchBuilder.BlockDevices(container, volumes), cancellation);
            given = given with { Devices = [.. given.Devices, .. blocks] };
            var inherited = image.Image.Environment.Concat(given.Environment.Select(e => $"{e.Key}={e.Value}"));
            var environment = await services.Environments.ResolveAsync(pod, container, inherited, sandbox.Address, cancellation);
            var (root, rootMounts) = await services.Roots.PrepareAsync(id, image.Image, cancellation);
            var launch = LaunchBuilder.Build(
                pod, container, image.Image, root, rootMounts, volumes, environment, services.Sandboxes.FilesOf(uid), record.TerminationMessageFile,
                given, services.Capabilities, $"{CniPlugin.NamespaceFolder}/{sandbox.NetworkNamespace}",
                $"{KubeletPaths.CgroupOf(services.Options.ClusterName)}/{uid}/{container.Name}");
            record = await CreateAsync(record, launch, cancellation);
            normal("Created", $"Created container: {container.Name}");
            record = await RunAsync(record, cancellation);
            normal("Started", $"Started container {container.Name}");
            return record;
        }
        catch
        {
            // What did not come to run leaves nothing: neither a half-made container nor its log.
            await ClearAsync(id, CancellationToken.None);
            StateFile.DeleteFolder(services.Paths.Container(id));
            throw;
        }
    }

    private async Task<ContainerRecord> CreateAsync(ContainerRecord record, ContainerLaunch launch, CancellationToken cancellation)
    {
        try
        {
            return await services.Runtime.CreateAsync(record, OciSpec.Build(launch), launch.Tty, cancellation);
        }
        catch (ContainerRuntimeException e)
        {
            throw new PodConfigException("CreateContainerError", e.Message);
        }
    }

    private async Task<ContainerRecord> RunAsync(ContainerRecord record, CancellationToken cancellation)
    {
        try
        {
            return await services.Runtime.StartAsync(record, cancellation);
        }
        catch (ContainerRuntimeException e)
        {
            throw new PodConfigException("RunContainerError", e.Message);
        }
    }

    /// <summary>A crash may have left a container of this very run.</summary>
    private async Task ClearAsync(string id, CancellationToken cancellation)
    {
        if (Directory.Exists(services.Paths.Container(id)))
        {
            await services.Runtime.DeleteAsync(id, cancellation);
            await services.Roots.RemoveAsync(id, cancellation);
        }
    }

    private string? TerminationFile(Pod pod, Container container, int attempt)
    {
        var inDevices = container.TerminationMessagePath?.StartsWith("/dev/", StringComparison.Ordinal) ?? true;
        if (container.SecurityContext?.Privileged == true && inDevices)
        {
            // Its /dev is the machine's own, where nothing is to be left.
            return null;
        }
        var file = Path.Combine(services.Paths.Pod(pod.Metadata.Uid), "containers", container.Name, $"{attempt}");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, []);
        File.SetUnixFileMode(file, (UnixFileMode)0x1B6); // 0666: the container may run as anybody.
        return file;
    }
}

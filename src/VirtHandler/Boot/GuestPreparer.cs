using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Devices;
using Godwit.VirtHandler.Disks;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Network;
using Godwit.VirtHandler.Node;

namespace Godwit.VirtHandler.Boot;

/// <summary>Makes a launcher pod ready for its guest, be it for a boot or for one that arrives. Doing it again changes nothing.</summary>
public sealed class GuestPreparer(IPodLocator locator, IPodNetwork network, ContainerDisks images, DiskPreparer disks, VolumeGatherer volumes, NodeFacts node)
{
    private const string EfiCode = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    private const string EfiVariables = "/usr/share/OVMF/OVMF_VARS_4M.fd";

    /// <summary>Null while the pod's launcher is not there yet.</summary>
    public async Task<PreparedGuest?> PrepareAsync(VirtualMachineInstance vmi, PodPlace place, bool incoming, CancellationToken cancellationToken)
    {
        if (await locator.FindLauncherAsync(place.PodUid, cancellationToken) is not { } pid || !Directory.Exists(place.Folder))
        {
            return null;
        }

        MakeFolders(place);
        var hardware = Hardware(vmi, incoming);
        var facts = incoming ? await volumes.ClaimsAsync(vmi, cancellationToken) : await volumes.AllAsync(vmi, cancellationToken);
        var requests = VolumeRequests.For(vmi, facts, withContents: !incoming);
        var podAddress = await WireAsync(vmi, place, pid, hardware, cancellationToken);
        await images.ShowAsync(place, pid, ContainerDisks.VolumesOf(vmi), cancellationToken);
        var laidOut = new List<DiskImage>();
        foreach (var request in requests)
        {
            laidOut.Add(await disks.PrepareAsync(place, pid, request, incoming ? RecordedSize(vmi, request.Volume) : null, cancellationToken));
        }

        CheckKernel(vmi, pid);
        GiveDevices(pid);
        var firmware = hardware.Firmware == "efi" ? Firmware(place, pid) : null;
        var bindings = BindingsBuilder.Build(vmi, laidOut, firmware, incoming);
        return new PreparedGuest(pid, Domain.Create(hardware, bindings, incoming, node.QemuBinary), laidOut, podAddress);
    }

    // Before the guest's QEMU runs, so that it finds no chance to be there first.
    private static void MakeFolders(PodPlace place)
    {
        try
        {
            PodFolder.Own(place.Folder, DomainFolder.Disks);
            PodFolder.Own(place.Folder, DomainFolder.Tls);
            PodFolder.Own(place.Folder, Forwarding.ForwardingState.Folder);
        }
        catch (IOException e)
        {
            throw new DomainException(e.Message, e);
        }
    }

    // What was recorded at first boot holds for good. What the VMI would give here is only compared with it: a node that
    // cannot give the same must not take the guest.
    private HardwareDefinition Hardware(VirtualMachineInstance vmi, bool incoming)
    {
        if (vmi.Status?.Hardware is not { } record)
        {
            return incoming
                ? throw new DomainException("status.hardware is missing: the hardware of the running guest was never recorded, so it cannot be rebuilt here")
                : HardwareBuilder.Build(vmi, node);
        }

        var recorded = HardwareMapping.FromRecord(record);
        if (recorded.Accelerator != node.Accelerator.Name)
        {
            throw new DomainException($"the guest runs under {recorded.Accelerator}, but this node offers {node.Accelerator.Name}: {node.Accelerator.Reason}");
        }

        if (!node.Capabilities.MachineTypes.Contains(recorded.MachineType))
        {
            throw new DomainException($"this node's QEMU {node.Capabilities.Version} does not offer machine type {recorded.MachineType}");
        }

        // The newest machine type of this node may be another than that of the first; all else must come out the same.
        var here = HardwareBuilder.Build(Pinned(vmi, recorded), node, recorded);
        var differences = HardwareComparison.Compare(recorded, here);
        return differences.Count == 0
            ? recorded
            : throw new DomainException($"the recorded hardware cannot be rebuilt on this node: {string.Join("; ", differences)}");
    }

    private static VirtualMachineInstance Pinned(VirtualMachineInstance vmi, HardwareDefinition recorded)
    {
        var domain = vmi.Spec!.Domain ?? new DomainSpec();
        return vmi with
        {
            Spec = vmi.Spec with
            {
                Domain = domain with
                {
                    Machine = new MachineSpec { Type = recorded.MachineType },
                    Cpu = (domain.Cpu ?? new CpuSpec()) with { Model = recorded.CpuModel },
                },
            },
        };
    }

    private async Task<string?> WireAsync(VirtualMachineInstance vmi, PodPlace place, int pid, HardwareDefinition hardware, CancellationToken cancellationToken)
    {
        var cards = vmi.Spec?.Domain?.Devices?.Interfaces ?? [];
        if (cards.Count > 0)
        {
            var resolver = Resolver.Parse(await ReadResolverAsync(pid, cancellationToken));
            await network.WireAsync(pid, WiringBuilder.Build(vmi, hardware, resolver), place.Folder, cancellationToken);
        }

        return (await network.ReadFactsAsync(pid, cancellationToken)).PodAddress;
    }

    private static async Task<string> ReadResolverAsync(int pid, CancellationToken cancellationToken)
    {
        var ofPod = PodPlace.Outside(pid, "/etc/resolv.conf");
        var file = File.Exists(ofPod) ? ofPod : "/etc/resolv.conf";
        return File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : "";
    }

    private static long? RecordedSize(VirtualMachineInstance vmi, string volume) =>
        vmi.Status?.VolumeStatus?.FirstOrDefault(status => status.Name == volume)?.Size
        ?? throw new DomainException($"status.volumeStatus has no size of volume {volume}, so its copy cannot be made here");

    // Runtimes make a container's device nodes with the host's owner and mode, by which often only root may open them.
    private static void GiveDevices(int pid)
    {
        foreach (var device in NodeDevice.All.Select(device => PodPlace.Outside(pid, device.Path)).Where(File.Exists))
        {
            try
            {
                LauncherUser.Give(device);
            }
            catch (IOException e)
            {
                throw new DomainException(e.Message, e);
            }
        }
    }

    private static void CheckKernel(VirtualMachineInstance vmi, int pid)
    {
        if (BindingsBuilder.Kernel(vmi.Spec?.Domain?.Firmware?.KernelBoot) is not { } kernel)
        {
            return;
        }

        foreach (var path in new[] { kernel.KernelPath, kernel.InitrdPath }.OfType<string>())
        {
            if (!File.Exists(PodPlace.Outside(pid, path)))
            {
                throw new DomainException(
                    $"spec.domain.firmware.kernelBoot: image {vmi.Spec!.Domain!.Firmware!.KernelBoot!.Container!.Image} has no file {path[$"{Launcher.ImagesPath}/{Launcher.KernelBootVolume}".Length..]}");
            }
        }
    }

    private static FirmwareBinding Firmware(PodPlace place, int pid)
    {
        var variables = PodPlace.Outside(pid, EfiVariables);
        if (!File.Exists(PodPlace.Outside(pid, EfiCode)) || !File.Exists(variables))
        {
            throw new DomainException($"EFI firmware is not in the launcher's image ({EfiCode}); install Debian package ovmf there");
        }

        var copy = $"{place.DisksFolder}/efi-variables.fd";
        if (!File.Exists(copy))
        {
            File.Copy(variables, copy + ".partial", overwrite: true);
            LauncherUser.GiveAlone(copy + ".partial");
            File.Move(copy + ".partial", copy);
        }

        return new FirmwareBinding(EfiCode, $"{Launcher.FolderPath}/disks/efi-variables.fd");
    }
}

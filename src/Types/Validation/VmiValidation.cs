using System.Text.Json;
using System.Text.RegularExpressions;

namespace Godwit.Types;

/// <summary>Rules for a VMI outside its devices.</summary>
internal static class VmiValidation
{
    private const long MaxVcpus = 512;

    public static void Metadata(VirtualMachineInstance vmi, bool byComponent, Errors errors)
    {
        foreach (var key in Labels.Reserved.Where(key => !byComponent && vmi.Metadata.Label(key) is not null))
        {
            errors.Add(
                $"metadata.labels[{key}]",
                $"creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited: {key}",
                "Remove the label; Godwit sets it itself.",
                FieldError.Forbidden);
        }
    }

    public static void Spec(VirtualMachineInstanceSpec? spec, ClusterConfiguration cluster, Errors errors)
    {
        if (spec?.Domain is not { } domain)
        {
            errors.Required("spec.domain", "Describe the machine, at least 'domain: {memory: {guest: 512Mi}}'.");
            return;
        }

        errors.OneOf("spec.evictionStrategy", spec.EvictionStrategy, [.. EvictionStrategies.All]);
        errors.OneOf("spec.startStrategy", spec.StartStrategy, "Paused");
        errors.OneOf("spec.architecture", spec.Architecture, Defaults.Architecture);
        if (spec.StartStrategy == "Paused" && spec.LivenessProbe is { ValueKind: JsonValueKind.Object })
        {
            errors.Add(
                "spec.startStrategy",
                "either spec.startStrategy or spec.livenessProbe should be provided. Pausing VMI with LivenessProbe is not supported",
                "Remove one of them.");
        }

        if (spec.TerminationGracePeriodSeconds < 0)
        {
            errors.Add("spec.terminationGracePeriodSeconds", "must not be negative", "Use 0 to end the guest at once.");
        }

        DnsLabel("spec.hostname", spec.Hostname, errors);
        DnsLabel("spec.subdomain", spec.Subdomain, errors);
        NodeSelector("spec.nodeSelector", spec.NodeSelector, errors);
        Tolerations(spec.Tolerations, errors);
        Memory(domain, errors);
        Cpu(domain, errors);
        Machine(domain, cluster, errors);
        Firmware(domain, errors);
        Devices(domain, errors);
        VolumeValidation.Volumes(spec, cluster, errors);
        DiskValidation.Disks(spec, errors);
        NetworkValidation.Networks(spec, cluster, errors);
        BootOrders(domain.Devices, errors);
    }

    public static void NodeSelector(string path, IReadOnlyDictionary<string, string>? selector, Errors errors)
    {
        foreach (var (key, value) in selector ?? new Dictionary<string, string>())
        {
            if (!Names.IsLabelKey(key))
            {
                errors.Add($"{path}[{key}]", $"'{key}' is not a label key", "Use the key of a node's label, such as kubernetes.io/hostname.");
            }

            if (!Names.IsLabelValue(value))
            {
                errors.Add($"{path}[{key}]", $"'{value}' is not a label value", "Use at most 63 letters, digits, '-', '_' and '.'.");
            }
        }
    }

    private static void DnsLabel(string path, string? value, Errors errors)
    {
        if (!string.IsNullOrEmpty(value) && !Names.IsDnsLabel(value))
        {
            errors.Add(path, $"'{value}' is not a DNS label", "Use at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit.");
        }
    }

    private static void Tolerations(IReadOnlyList<Toleration>? tolerations, Errors errors)
    {
        for (var i = 0; i < (tolerations?.Count ?? 0); i++)
        {
            errors.OneOf($"spec.tolerations[{i}].operator", tolerations![i].Operator, "Exists", "Equal");
            errors.OneOf($"spec.tolerations[{i}].effect", tolerations[i].Effect, "NoSchedule", "PreferNoSchedule", "NoExecute");
        }
    }

    private static void Memory(DomainSpec domain, Errors errors)
    {
        const string Path = "spec.domain.resources";
        var request = errors.PositiveQuantity($"{Path}.requests.memory", domain.Resources?.Requests?.GetValueOrDefault("memory"));
        var limit = errors.PositiveQuantity($"{Path}.limits.memory", domain.Resources?.Limits?.GetValueOrDefault("memory"));
        var guest = errors.PositiveQuantity("spec.domain.memory.guest", domain.Memory?.Guest);
        if (domain.Memory?.Guest is null)
        {
            errors.Add(
                "spec.domain.memory.guest",
                "no memory requested, at least one of memory.guest, memory.hugepages.pageSize or resources.requests.memory must be set",
                "Say how much memory the guest has, such as 'memory: {guest: 512Mi}'.",
                FieldError.Required);
        }

        if (request > limit)
        {
            errors.Add($"{Path}.requests.memory", $"{Path}.requests.memory is greater than {Path}.limits.memory", "Raise the limit or lower the request.");
        }

        if (guest > limit)
        {
            errors.Add("spec.domain.memory.guest", $"spec.domain.memory.guest is greater than {Path}.limits.memory", "Raise the limit or lower the guest's memory.");
        }

        if (domain.Memory?.Hugepages is { } hugepages)
        {
            var page = errors.PositiveQuantity("spec.domain.memory.hugepages.pageSize", hugepages.PageSize);
            if (page > 0 && guest % page > 0)
            {
                errors.Add("spec.domain.memory.hugepages.pageSize", "spec.domain.memory.guest is not a multiple of the page size", "Round the guest's memory to whole pages.");
            }
        }
    }

    private static void Cpu(DomainSpec domain, Errors errors)
    {
        const string Path = "spec.domain.resources";
        var request = errors.PositiveQuantity($"{Path}.requests.cpu", domain.Resources?.Requests?.GetValueOrDefault("cpu"));
        var limit = errors.PositiveQuantity($"{Path}.limits.cpu", domain.Resources?.Limits?.GetValueOrDefault("cpu"));
        if (request > limit)
        {
            errors.Add($"{Path}.requests.cpu", $"{Path}.requests.cpu is greater than {Path}.limits.cpu", "Raise the limit or lower the request.");
        }

        if (domain.Cpu is not { } cpu)
        {
            return;
        }

        if (cpu.Cores < 0 || cpu.Sockets < 0 || cpu.Threads < 0)
        {
            errors.Add("spec.domain.cpu", "cores, sockets and threads must not be negative", "Leave out what is 1.");
            return;
        }

        var count = Math.Max(cpu.Cores ?? 1, 1) * (decimal)Math.Max(cpu.Sockets ?? 1, 1) * Math.Max(cpu.Threads ?? 1, 1);
        if (count > MaxVcpus)
        {
            errors.Add("spec.domain.cpu", $"{count} vCPUs are more than the {MaxVcpus} that a guest can have", "Lower cores, sockets or threads.");
        }

        if (cpu.MaxSockets < cpu.Sockets)
        {
            errors.Add("spec.domain.cpu.maxSockets", "Number of sockets in CPU topology is greater than the maximum sockets allowed", "Raise maxSockets.");
        }

        for (var i = 0; i < (cpu.Features?.Count ?? 0); i++)
        {
            if (string.IsNullOrEmpty(cpu.Features![i].Name))
            {
                errors.Required($"spec.domain.cpu.features[{i}].name", "Name the feature.");
            }

            errors.OneOf($"spec.domain.cpu.features[{i}].policy", cpu.Features[i].Policy, "force", "require", "optional", "disable", "forbid");
        }
    }

    private static void Machine(DomainSpec domain, ClusterConfiguration cluster, Errors errors)
    {
        var type = domain.Machine?.Type;
        if (!string.IsNullOrEmpty(type) && !cluster.EmulatedMachines.Any(pattern => Matches(pattern, type)))
        {
            errors.Add(
                "spec.domain.machine.type",
                $"spec.domain.machine.type is not supported: {type} (allowed values: {string.Join(", ", cluster.EmulatedMachines)})",
                "Use one of these, or leave it out.",
                FieldError.NotSupported);
        }
    }

    private static bool Matches(string pattern, string text) =>
        Regex.IsMatch(
            text,
            "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$",
            RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    private static void Firmware(DomainSpec domain, Errors errors)
    {
        const string Path = "spec.domain.firmware";
        if (domain.Firmware is not { } firmware)
        {
            return;
        }

        if (!string.IsNullOrEmpty(firmware.Uuid) && !Guid.TryParseExact(firmware.Uuid, "D", out _))
        {
            errors.Add($"{Path}.uuid", $"'{firmware.Uuid}' is not a UUID", "Write it as 8-4-4-4-12 hexadecimal digits, or leave it out.");
        }

        if (firmware.Bootloader is { Bios: not null, Efi: not null })
        {
            errors.Add($"{Path}.bootloader", $"{Path}.bootloader has both EFI and BIOS configured, but they are mutually exclusive", "Remove one of them.");
        }

        if (firmware.Bootloader?.Efi is { } efi && efi.SecureBoot != false
            && domain.Features?.Smm is not { Enabled: not false })
        {
            errors.Add($"{Path}.bootloader.efi.secureBoot", "EFI SecureBoot requires SMM to be enabled", "Set spec.domain.features.smm.enabled to true, or secureBoot to false.");
        }

        if (firmware.KernelBoot is not { } boot)
        {
            return;
        }

        if (boot.Container is not { } container)
        {
            if (!string.IsNullOrEmpty(boot.KernelArgs))
            {
                errors.Add($"{Path}.kernelBoot.kernelArgs", "kernel arguments cannot be provided without an external kernel", "Name the image with the kernel in kernelBoot.container.");
            }

            return;
        }

        if (string.IsNullOrEmpty(container.Image))
        {
            errors.Required($"{Path}.kernelBoot.container.image", "Name the image that holds the kernel.");
        }

        if (string.IsNullOrEmpty(container.KernelPath) && string.IsNullOrEmpty(container.InitrdPath))
        {
            errors.Add($"{Path}.kernelBoot.container", "spec.domain.firmware.kernelBoot.container must be defined with at least one of the following: kernelPath, initrdPath", "Say where in the image the kernel is, such as /boot/vmlinuz.", FieldError.Required);
        }

        AbsolutePath($"{Path}.kernelBoot.container.kernelPath", container.KernelPath, errors);
        AbsolutePath($"{Path}.kernelBoot.container.initrdPath", container.InitrdPath, errors);
    }

    public static void AbsolutePath(string path, string? value, Errors errors)
    {
        if (!string.IsNullOrEmpty(value)
            && (!value.StartsWith('/') || value.Contains('\0') || value.Split('/').Contains("..")))
        {
            errors.Add(path, $"'{value}' is not an absolute path without '..'", "Begin it with '/'.");
        }
    }

    private static void Devices(DomainSpec domain, Errors errors)
    {
        var devices = domain.Devices;
        errors.OneOf("spec.domain.ioThreadsPolicy", domain.IoThreadsPolicy, "shared", "auto", "supplementalPool");
        errors.OneOf("spec.domain.rebootPolicy", domain.RebootPolicy, "Reboot", "Terminate");
        errors.OneOf("spec.domain.devices.watchdog.i6300esb.action", devices?.Watchdog?.I6300esb?.Action, "poweroff", "reset", "shutdown");
        if (devices?.Watchdog is { Name: null or "" })
        {
            errors.Required("spec.domain.devices.watchdog.name", "Give it a name.");
        }

        for (var i = 0; i < (devices?.Inputs?.Count ?? 0); i++)
        {
            var path = $"spec.domain.devices.inputs[{i}]";
            errors.OneOf($"{path}.bus", devices!.Inputs![i].Bus, "usb", "virtio");
            errors.OneOf($"{path}.type", devices.Inputs[i].Type, "tablet", "keyboard");
        }
    }

    private static void BootOrders(DevicesSpec? devices, Errors errors)
    {
        var orders = (devices?.Disks ?? [])
            .Select((disk, i) => (Path: $"spec.domain.devices.disks[{i}].bootOrder", Order: disk.BootOrder))
            .Concat((devices?.Interfaces ?? [])
                .Select((card, i) => (Path: $"spec.domain.devices.interfaces[{i}].bootOrder", Order: card.BootOrder)))
            .Where(entry => entry.Order is not null);
        var seen = new Dictionary<int, string>();
        foreach (var (path, order) in orders)
        {
            if (order < 1)
            {
                errors.Add(path, $"{path} must have a boot order > 0, if supplied", "Count from 1.");
            }
            else if (!seen.TryAdd(order!.Value, path))
            {
                errors.Add(path, $"Boot order for {path} and {seen[order.Value]} must be unique", "Give each its own number.", FieldError.Duplicate);
            }
        }
    }
}

using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.Qemu;

/// <summary>Turns a hardware definition and its bindings into QEMU's arguments. Pure: equal inputs give equal arguments.</summary>
public static class CommandLine
{
    /// <summary>The memory backend's id. QEMU names plain <c>-m</c> memory so, and a stream is matched by this name.</summary>
    public const string MemoryId = "pc.ram";

    /// <param name="hardware">What the guest sees.</param>
    /// <param name="bindings">What it is connected to.</param>
    /// <param name="incoming">
    /// The guest arrives by migration. QEMU then waits (<c>-incoming defer</c>) and does not start it by itself (<c>-S</c>).
    /// A guest that boots is held by <c>-S</c> too: whoever knows that it may run says <c>cont</c>. QEMU answers no monitor
    /// before somebody is connected to the serial port, so that not a byte of the console is lost.
    /// </param>
    public static IReadOnlyList<string> Build(HardwareDefinition hardware, BackendBindings bindings, bool incoming)
    {
        var arguments = new Arguments();
        arguments.Add("-name", $"guest={Escape(bindings.Name)},debug-threads=on");
        arguments.Add("-uuid", hardware.Uuid);
        arguments.Add("-nodefaults");
        arguments.Add("-no-user-config");
        arguments.Add("-msg", "timestamp=on");
        arguments.Add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        arguments.Add("-accel", hardware.Accelerator);
        arguments.Add("-machine", $"{hardware.MachineType},usb=off,vmport=off,dump-guest-core=off,memory-backend={MemoryId}");
        arguments.Add("-cpu", Cpu(hardware));
        arguments.Add("-smp", Invariant(
            $"{hardware.Vcpus.Total},sockets={hardware.Vcpus.Sockets},cores={hardware.Vcpus.Cores},threads={hardware.Vcpus.Threads}"));
        arguments.Add("-m", Invariant($"size={hardware.MemoryBytes / 1024}k"));
        arguments.Add("-object", Memory(hardware, bindings));
        arguments.Add("-rtc", "base=utc,driftfix=slew");
        arguments.Add("-boot", "strict=on");
        arguments.Add("-S");
        if (incoming)
        {
            arguments.Add("-incoming", "defer");
        }

        AddMonitors(arguments, bindings);
        AddFirmware(arguments, hardware, bindings);
        AddKernel(arguments, bindings);
        AddDisplay(arguments, hardware, bindings);
        foreach (var device in hardware.Devices)
        {
            AddDevice(arguments, device, bindings);
        }

        return arguments.ToList();
    }

    private static void AddMonitors(Arguments arguments, BackendBindings bindings)
    {
        foreach (var (id, socket) in new[]
                 {
                     ("control", DomainFolder.ControlSocket), ("watch", DomainFolder.WatchSocket), ("launcher", DomainFolder.LauncherSocket),
                 })
        {
            arguments.Add("-chardev", $"socket,id=mon-{id},path={Escape(Path.Combine(bindings.Folder, socket))},server=on,wait=off");
            arguments.Add("-mon", $"chardev=mon-{id},mode=control");
        }
    }

    private static void AddFirmware(Arguments arguments, HardwareDefinition hardware, BackendBindings bindings)
    {
        if (hardware.Firmware != "efi")
        {
            return;
        }

        var firmware = bindings.Firmware
            ?? throw new ArgumentException("the hardware asks for EFI, but no firmware image is bound", nameof(bindings));
        arguments.Add("-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Escape(firmware.CodePath)}");
        if (firmware.VariablesPath is { } variables)
        {
            arguments.Add("-drive", $"if=pflash,unit=1,format=raw,file={Escape(variables)}");
        }
    }

    private static void AddKernel(Arguments arguments, BackendBindings bindings)
    {
        if (bindings.Kernel is not { } kernel)
        {
            return;
        }

        arguments.Add("-kernel", kernel.KernelPath);
        if (kernel.InitrdPath is { } initrd)
        {
            arguments.Add("-initrd", initrd);
        }

        if (!string.IsNullOrEmpty(kernel.Arguments))
        {
            arguments.Add("-append", kernel.Arguments);
        }
    }

    private static void AddDisplay(Arguments arguments, HardwareDefinition hardware, BackendBindings bindings)
    {
        arguments.Add("-display", "none");
        if (hardware.Devices.Any(d => DeviceKinds.IsGraphics(d.Kind)))
        {
            arguments.Add("-vnc", $"unix:{Escape(Path.Combine(bindings.Folder, DomainFolder.VncSocket))}");
        }
    }

    private static void AddDevice(Arguments arguments, HardwareDevice device, BackendBindings bindings)
    {
        var backend = "";
        if (DeviceKinds.IsDisk(device.Kind))
        {
            if (bindings.Disks.TryGetValue(device.Id, out var disk))
            {
                arguments.Add("-blockdev", BlockNode(disk).ToJsonString());
                backend = $",drive={disk.NodeName}" + (disk.Shareable ? ",share-rw=on" : "");
            }
            else if (!DeviceKinds.IsCdrom(device.Kind))
            {
                throw new ArgumentException($"disk {device.Id} has no image", nameof(bindings));
            }
        }
        else if (DeviceKinds.IsNic(device.Kind))
        {
            var nic = bindings.Nics.GetValueOrDefault(device.Id)
                ?? throw new ArgumentException($"network card {device.Id} is plugged into nothing", nameof(bindings));
            arguments.Add("-netdev", NetDevice(device.Id, nic));
            backend = $",netdev=net-{device.Id}";
        }
        else if (device.Kind == DeviceKinds.VirtioRng)
        {
            arguments.Add("-object", $"rng-random,id=rng-{device.Id},filename=/dev/urandom");
            backend = $",rng=rng-{device.Id}";
        }
        else if (device.Kind == DeviceKinds.IsaSerial)
        {
            arguments.Add(
                "-chardev",
                $"socket,id=char-{device.Id},path={Escape(Path.Combine(bindings.Folder, DomainFolder.QemuSerialSocket))},server=on,wait=on");
            backend = $",chardev=char-{device.Id}";
        }
        else if (device.Kind == DeviceKinds.VirtSerialPort)
        {
            arguments.Add(
                "-chardev",
                $"socket,id=char-{device.Id},path={Escape(Path.Combine(bindings.Folder, DomainFolder.AgentSocket))},server=on,wait=off");
            backend = $",chardev=char-{device.Id}";
        }

        var place = (device.Bus is { } bus ? $",bus={bus}" : "") + (device.Addr is { } addr ? $",addr={addr}" : "");
        var properties = string.Concat(device.Properties.Select(p => $",{p.Key}={Escape(p.Value)}"));
        arguments.Add("-device", $"{device.Kind},id={device.Id}{place}{backend}{properties}");
    }

    /// <summary>The block node of one disk, as <c>-blockdev</c> and <c>blockdev-add</c> take it.</summary>
    public static JsonObject BlockNode(DiskBinding disk)
    {
        var node = new JsonObject
        {
            ["driver"] = disk.Format,
            ["node-name"] = disk.NodeName,
            ["read-only"] = disk.ReadOnly,
            ["file"] = FileNode(disk.Path, disk.BlockDevice, disk.ReadOnly, disk.DirectIo, NodeNames.File(disk.NodeName)),
            ["cache"] = Cache(disk.DirectIo),
        };
        if (!disk.ReadOnly)
        {
            node["discard"] = "unmap";
        }

        if (disk.Backing is { } backing)
        {
            node["backing"] = new JsonObject
            {
                ["driver"] = backing.Format,
                ["node-name"] = NodeNames.Backing(disk.NodeName),
                ["read-only"] = true,
                ["file"] = FileNode(backing.Path, backing.BlockDevice, readOnly: true, direct: false, NodeNames.Backing(disk.NodeName) + "f"),
            };
        }
        else if (disk.Format == "qcow2")
        {
            // Without this the image's header may name any file of the host as its backing image.
            node["backing"] = null;
        }

        return node;
    }

    private static JsonObject FileNode(string path, bool blockDevice, bool readOnly, bool direct, string nodeName) => new()
    {
        ["driver"] = blockDevice ? "host_device" : "file",
        ["node-name"] = nodeName,
        ["filename"] = path,
        ["read-only"] = readOnly,
        ["aio"] = "threads",
        ["cache"] = Cache(direct),
    };

    private static JsonObject Cache(bool direct) => new() { ["direct"] = direct, ["no-flush"] = false };

    private static string NetDevice(string id, NicBinding nic) => nic.TapName is { } tap
        ? $"tap,id=net-{id},ifname={Escape(tap)},script=no,downscript=no" + (nic.Vhost ? ",vhost=on" : "")
        : $"user,id=net-{id}" + (string.IsNullOrEmpty(nic.UserOptions) ? "" : "," + nic.UserOptions);

    private static string Cpu(HardwareDefinition hardware) =>
        hardware.CpuModel + string.Concat(hardware.CpuFeatures.Select(f => f switch
        {
            ['+', .. var name] => $",{name}=on",
            ['-', .. var name] => $",{name}=off",
            _ => throw new ArgumentException($"CPU feature '{f}' has no sign", nameof(hardware)),
        }));

    private static string Memory(HardwareDefinition hardware, BackendBindings bindings)
    {
        var kind = bindings.SharedMemory ? "memory-backend-memfd,share=on" : "memory-backend-ram";
        var threads = bindings.PreallocateMemory ? Invariant($",prealloc=on,prealloc-threads={Math.Clamp(hardware.Vcpus.Total, 1, 16)}") : "";
        return Invariant($"{kind},id={MemoryId},size={hardware.MemoryBytes}{threads}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>In QEMU's key=value lists a comma is written twice.</summary>
    private static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    private sealed class Arguments
    {
        private readonly List<string> _list = [];

        public void Add(params ReadOnlySpan<string> parts) => _list.AddRange(parts);

        public List<string> ToList() => _list;
    }
}

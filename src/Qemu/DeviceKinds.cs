namespace Godwit.Qemu;

/// <summary>The device drivers that a <see cref="HardwareDefinition"/> may name.</summary>
public static class DeviceKinds
{
    public const string RootPort = "pcie-root-port";
    public const string VirtioBlk = "virtio-blk-pci";
    public const string VirtioScsi = "virtio-scsi-pci";
    public const string ScsiDisk = "scsi-hd";
    public const string ScsiCdrom = "scsi-cd";
    public const string SataDisk = "ide-hd";
    public const string SataCdrom = "ide-cd";
    public const string VirtioNet = "virtio-net-pci";
    public const string E1000E = "e1000e";
    public const string VirtioRng = "virtio-rng-pci";
    public const string VirtioBalloon = "virtio-balloon-pci";
    public const string VirtioSerial = "virtio-serial-pci";
    public const string VirtSerialPort = "virtserialport";
    public const string IsaSerial = "isa-serial";
    public const string Vga = "VGA";
    public const string VirtioVga = "virtio-vga";

    /// <summary>True for a device that shows the guest an image; its binding is in <see cref="BackendBindings.Disks"/>.</summary>
    public static bool IsDisk(string kind) => kind is VirtioBlk or ScsiDisk or ScsiCdrom or SataDisk or SataCdrom;

    public static bool IsCdrom(string kind) => kind is ScsiCdrom or SataCdrom;

    /// <summary>True for a network card; its binding is in <see cref="BackendBindings.Nics"/>.</summary>
    public static bool IsNic(string kind) => kind is VirtioNet or E1000E;

    public static bool IsGraphics(string kind) => kind is Vga or VirtioVga;
}

using System.Security.Cryptography;
using System.Text;

namespace Godwit.Types;

/// <summary>What is filled in when a virtual machine is created. Pure.</summary>
public static class VirtualMachineDefaults
{
    private static readonly Guid FirmwareNamespace = new("6a1a24a1-4061-4607-8bf4-a3963d0c5895");

    /// <summary>The virtual machine as it is stored: its guest keeps one firmware UUID through all of its runs.</summary>
    public static VirtualMachine ForCreate(VirtualMachine vm) =>
        vm.Spec?.Template?.Spec?.Domain is null || string.IsNullOrEmpty(vm.Metadata.Name)
            ? vm
            : vm with
            {
                Spec = vm.Spec with
                {
                    Template = vm.Spec.Template with { Spec = WithFirmwareUuid(vm.Spec.Template.Spec, vm.Metadata.Name) },
                },
            };

    /// <summary>The spec with the firmware UUID that follows from the name, unless it has one.</summary>
    public static VirtualMachineInstanceSpec WithFirmwareUuid(VirtualMachineInstanceSpec spec, string name)
    {
        var domain = spec.Domain ?? new DomainSpec();
        return string.IsNullOrEmpty(domain.Firmware?.Uuid)
            ? spec with
            {
                Domain = domain with { Firmware = (domain.Firmware ?? new FirmwareSpec()) with { Uuid = FirmwareUuid(name) } },
            }
            : spec;
    }

    /// <summary>The UUID (version 5) that KubeVirt derives from a virtual machine's name.</summary>
    public static string FirmwareUuid(string name)
    {
        // SHA-1 is what version 5 of UUIDs is made with; nothing is protected by it.
#pragma warning disable CA5350
        var hash = SHA1.HashData([.. FirmwareNamespace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]);
#pragma warning restore CA5350
        var bytes = hash[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x50);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}

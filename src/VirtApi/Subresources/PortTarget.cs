using System.Globalization;
using System.Net;
using Godwit.Types;

namespace Godwit.VirtApi.Subresources;

/// <summary>Where a forwarded connection to a VMI goes, or why it goes nowhere. Pure.</summary>
public sealed record PortTarget(IPEndPoint? Endpoint, SubresourceRefusal? Refusal = null)
{
    public static PortTarget Decide(VirtualMachineInstance vmi, string port, string protocol)
    {
        if (vmi.Status?.Conditions.Find(Conditions.Paused) is not null)
        {
            return Refused(SubresourceRefusal.Conflict(vmi.Metadata.Name!, "VMI is paused"));
        }

        if (vmi.Status?.Interfaces is not [{ } first, ..] || !IPAddress.TryParse(first.IpAddress, out var address))
        {
            return Refused(SubresourceRefusal.BadRequest("no network interfaces are present"));
        }

        if (protocol != "tcp")
        {
            return Refused(SubresourceRefusal.BadRequest($"protocol {protocol} is not offered; use tcp"));
        }

        return ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? new(new IPEndPoint(address, number))
            : Refused(SubresourceRefusal.BadRequest($"\"{port}\" is no port"));
    }

    private static PortTarget Refused(SubresourceRefusal refusal) => new(Endpoint: null, refusal);
}

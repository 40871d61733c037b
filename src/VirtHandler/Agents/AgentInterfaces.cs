using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Agents;

/// <summary>Adds to a VMI's network cards what the agent inside tells of them. Pure.</summary>
public static class AgentInterfaces
{
    private const string Domain = "domain";
    private const string Agent = "guest-agent";

    /// <summary>As many as KubeVirt shows of interfaces that only the guest knows.</summary>
    private const int MostOfTheGuest = 10;

    /// <summary>A card is found by its MAC. Its addresses stay those of the pod, by which it is reached; a card without any gets the guest's.</summary>
    public static IReadOnlyList<InterfaceStatus> Merge(IReadOnlyList<InterfaceStatus> cards, IReadOnlyList<GuestInterface> told)
    {
        var ofGuest = told.Where(static i => i.Name != "lo").ToList();
        return
        [
            .. cards.Select(card => ofGuest.Find(i => IsSame(i, card)) is { } mine ? Known(card, mine) : card),
            .. ofGuest.Where(i => !cards.Any(card => IsSame(i, card))).Take(MostOfTheGuest).Select(Unknown),
        ];
    }

    private static bool IsSame(GuestInterface told, InterfaceStatus card) =>
        card.Mac is not null && string.Equals(told.HardwareAddress, card.Mac, StringComparison.OrdinalIgnoreCase);

    private static InterfaceStatus Known(InterfaceStatus card, GuestInterface told) => card with
    {
        InterfaceName = told.Name,
        InfoSource = $"{Domain}, {Agent}",
        IpAddress = card.IpAddress ?? told.IpAddresses.FirstOrDefault()?.IpAddress,
        IpAddresses = card.IpAddresses ?? Addresses(told),
    };

    private static InterfaceStatus Unknown(GuestInterface told) => new()
    {
        InterfaceName = told.Name,
        Mac = told.HardwareAddress,
        InfoSource = Agent,
        IpAddress = told.IpAddresses.FirstOrDefault()?.IpAddress,
        IpAddresses = Addresses(told),
    };

    private static IReadOnlyList<string>? Addresses(GuestInterface told) =>
        told.IpAddresses.Length == 0 ? null : [.. told.IpAddresses.Select(static a => a.IpAddress)];
}

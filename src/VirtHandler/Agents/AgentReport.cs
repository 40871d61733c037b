using Godwit.Qemu;

namespace Godwit.VirtHandler.Agents;

/// <summary>What the agent inside a guest told of it; empty where it said nothing.</summary>
public sealed record AgentReport(GuestOsInfo? Os, IReadOnlyList<GuestInterface> Interfaces)
{
    public static AgentReport Empty { get; } = new(null, []);
}

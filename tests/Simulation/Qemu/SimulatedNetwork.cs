using Godwit.Simulation.Time;

namespace Godwit.Simulation.Qemu;

/// <summary>The network between machines: who has which address, and whether packets get through.</summary>
internal sealed class SimulatedNetwork(VirtualClock clock)
{
    private readonly Dictionary<string, Machine> _machines = new(StringComparer.Ordinal);
    private long _heals;

    public HashSet<Hop> Hops { get; } = [];

    public bool IsStalled => clock.Ticks < _heals;

    public void Put(string address, Machine machine) => _machines[address] = machine;

    public void Remove(string address) => _machines.Remove(address);

    /// <summary>The machine that a URI such as <c>tcp:10.0.0.7:49152</c> leads to.</summary>
    public Machine? At(string uri) => _machines.GetValueOrDefault(uri.Split(':')[1]);

    /// <summary>All packets vanish for a while; nobody is told.</summary>
    public void Stall(TimeSpan duration)
    {
        _heals = Math.Max(_heals, clock.Ticks + duration.Ticks);
        foreach (var hop in Hops.ToArray())
        {
            hop.Stall();
        }

        clock.At(_heals, Heal);
    }

    /// <summary>Every connection is reset.</summary>
    public void Cut()
    {
        foreach (var hop in Hops.ToArray())
        {
            hop.Break("Connection reset by peer");
        }
    }

    private void Heal()
    {
        if (!IsStalled)
        {
            foreach (var hop in Hops.ToArray())
            {
                hop.Heal();
            }
        }
    }
}

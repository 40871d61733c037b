using Godwit.Simulation.Time;

namespace Godwit.Simulation.Api;

/// <summary>The way between one process and the API server, and what is wrong with it at the moment.</summary>
internal sealed class Link(VirtualClock clock, Random random)
{
    private readonly Dictionary<LinkFault, long> _until = [];

    public bool Has(LinkFault fault) => _until.TryGetValue(fault, out var until) && clock.Ticks < until;

    /// <summary>When the way is open again; now when it is.</summary>
    public long OpenAt => Math.Max(
        clock.Ticks,
        Math.Max(_until.GetValueOrDefault(LinkFault.Away), _until.GetValueOrDefault(LinkFault.Refused)));

    public void Put(LinkFault fault, TimeSpan duration) =>
        _until[fault] = Math.Max(_until.GetValueOrDefault(fault), clock.Ticks + duration.Ticks);

    public bool Chance(double probability) => random.NextDouble() < probability;

    public TimeSpan Delay() => Between(0.0002, 0.004) + (Has(LinkFault.Slow) ? Between(0.05, 3) : TimeSpan.Zero);

    public TimeSpan EventDelay()
    {
        var delay = Delay() + (Has(LinkFault.Behind) ? Between(0.1, 8) : TimeSpan.Zero);
        return Has(LinkFault.Away) ? TimeSpan.FromTicks(OpenAt - clock.Ticks) + delay : delay;
    }

    public bool RepeatsEvents() => Has(LinkFault.Repeats) && Chance(0.5);

    public TimeSpan Between(double from, double to) => TimeSpan.FromSeconds(from + (random.NextDouble() * (to - from)));
}

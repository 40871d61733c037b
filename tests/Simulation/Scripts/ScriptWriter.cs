using Godwit.Simulation.Api;

namespace Godwit.Simulation.Scripts;

/// <summary>Makes an episode from a seed: what users do, and what goes wrong, most of it while something is under way.</summary>
internal sealed class ScriptWriter(ulong seed)
{
    /// <summary>Around the switch: here a guest can be lost or doubled.</summary>
    private static readonly string[] Critical =
    [
        "source:pre-switchover", "source:device", "target:completed", "source:completed", "commit", "commit", "released",
    ];

    private static readonly string[] PostCopy =
    [
        "source:postcopy-active", "target:postcopy-active", "source:postcopy-paused", "target:postcopy-paused", "source:postcopy-recover-setup",
    ];

    private static readonly string[] Other =
    [
        "source:setup", "source:active", "source:failed", "source:cancelling", "source:cancelled", "target:setup", "target:active", "target:failed",
        "abort", "phase:Scheduling", "phase:Scheduled", "phase:PreparingTarget", "phase:TargetReady", "phase:Running", "phase:Failed", "phase:Succeeded",
    ];

    private static readonly LinkFault[] Faults = Enum.GetValues<LinkFault>();
    private readonly Random _random = new((int)(seed ^ (seed >> 32) ^ 0x5bd1e995));
    private readonly List<Step> _steps = [];
    private double _from;
    private bool _postCopy;

    public Script Write()
    {
        // Long quiet times between bursts of trouble.
        var hours = 6 + _random.Next(30);
        var setting = new Setting
        {
            Nodes = 2 + _random.Next(3),
            Hours = hours,
            Heartbeats = Chance(0.1),
            WatchMinutes = Chance(0.1) ? 1 : 60,
            Bandwidth = 100e6 * Math.Pow(10, _random.NextDouble()),
            Stubborn = Chance(0.4) ? 0.4 : 0,
            PostCopy = Chance(0.35),
            Disruption = Chance(0.2),
            Tls = Chance(0.05),
            CompletionPerGiB = 8 + _random.Next(40),
            PerCluster = 1 + _random.Next(5),
            PerNode = 1 + _random.Next(3),
            Inbound = 1 + _random.Next(3),
        };
        _postCopy = setting.PostCopy;
        var vmis = 1 + _random.Next(3);
        for (var i = 1; i <= vmis; i++)
        {
            _steps.Add(new Step { At = Between(1, 60), Do = Verbs.Create, Who = $"vm{i}" });
        }

        var bursts = 1 + _random.Next(3);
        for (var burst = 0; burst < bursts; burst++)
        {
            Burst(Between(120, hours * 3600 * 0.95), vmis, setting);
        }

        return new Script(seed, setting, _steps);
    }

    /// <summary>Guests that come, move and go, one after another, with nothing wrong: to see what is remembered of them.</summary>
    public static Script Soak(int guests)
    {
        var steps = new List<Step>();
        for (var i = 0; i < guests; i++)
        {
            var (at, vmi) = (60 + (i * 120.0), $"vm{i}");
            steps.Add(new Step { At = at, Do = Verbs.Create, Who = vmi });
            steps.Add(new Step { At = at + 30, Do = Verbs.Migrate, Who = vmi });
            steps.Add(new Step { At = at + 60, Do = Verbs.Delete, Who = vmi });
        }

        return new Script(1, new Setting { Hours = guests / 30.0 }, steps);
    }

    private void Burst(double at, int vmis, Setting setting)
    {
        _from = at;
        for (var i = 1 + _random.Next(4); i > 0; i--)
        {
            Use(at + Between(0, 120), vmis, setting);
        }

        for (var i = 1 + _random.Next(5); i > 0; i--)
        {
            Disturb(at, setting);
        }
    }

    private void Use(double at, int vmis, Setting setting)
    {
        var vmi = $"vm{1 + _random.Next(vmis)}";
        var chance = _random.NextDouble();
        if (chance < 0.65)
        {
            _steps.Add(new Step { At = at, Do = Verbs.Migrate, Who = vmi });
            if (Chance(0.25))
            {
                _steps.Add(Chance(0.5) ? new Step { At = at + Between(0, 30), Do = Verbs.Cancel, Who = vmi } : Moment(Verbs.Cancel, null, 0));
            }
        }
        else if (chance < 0.85)
        {
            var node = $"n{1 + _random.Next(setting.Nodes)}";
            _steps.Add(new Step { At = at, Do = Verbs.Drain, Who = node });
            _steps.Add(new Step { At = at + Between(5, 900), Do = Verbs.Undrain, Who = node });
        }
        else
        {
            _steps.Add(new Step { At = at, Do = Chance(0.7) ? Verbs.Delete : Verbs.ShutDown, Who = vmi });
            _steps.Add(new Step { At = at + Between(40, 400), Do = Chance(0.3) ? Verbs.Delete : Verbs.Create, Who = vmi });
            _steps.Add(new Step { At = at + Between(400, 900), Do = Verbs.Create, Who = vmi });
        }
    }

    private void Disturb(double at, Setting setting)
    {
        var side = Chance(0.5) ? "source" : "target";
        var chance = _random.NextDouble();
        var step = chance switch
        {
            < 0.25 => Moment(Chance(0.7) ? Verbs.KillAgent : Verbs.StopAgent, side, Length(0.3, 200)),
            < 0.35 => Moment(Verbs.KillController, null, Length(0.3, 200)),
            < 0.40 => Moment(Verbs.OverlapControllers, null, Length(0.3, 20)),
            < 0.50 => Moment(Verbs.KillQemu, side, 0),
            < 0.54 => Moment(Verbs.PowerOff, side, Length(20, 900)),
            < 0.66 => Moment(Verbs.Stall, null, Length(0.1, 60)),
            < 0.72 => Moment(Verbs.Cut, null, 0),
            < 0.73 => Moment(Verbs.Compact, null, 0),
            < 0.75 => Moment(Verbs.Delete, null, 0),
            _ => Moment(Verbs.Link, Pick(side, side, "controller", "all", $"n{1 + _random.Next(setting.Nodes)}"), Length(0.1, 120)) with { Fault = Pick(Faults) },
        };
        _steps.Add(Chance(0.15) ? step with { When = null, From = 0, Nth = 0, At = at + Between(0, 180) } : step);
    }

    private Step Moment(string verb, string? who, double seconds) => new()
    {
        When = Chance(0.5) ? Pick(Critical) : _postCopy && Chance(0.6) ? Pick(PostCopy) : Pick(Other),
        From = _from,
        Nth = Chance(0.7) ? 1 : 2 + _random.Next(2),
        At = Chance(0.7) ? Between(0, 0.05) : Between(0, 5),
        Do = verb,
        Who = who,
        For = seconds,
    };

    private T Pick<T>(params ReadOnlySpan<T> from) => from[_random.Next(from.Length)];

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private double Between(double from, double to) => Math.Round(from + (_random.NextDouble() * (to - from)), 4);

    /// <summary>Short times as often as long ones.</summary>
    private double Length(double from, double to) => Math.Round(from * Math.Pow(to / from, _random.NextDouble()), 3);
}

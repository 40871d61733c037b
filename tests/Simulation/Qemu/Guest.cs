namespace Godwit.Simulation.Qemu;

/// <summary>
/// One guest, wherever its copies are, and the promises about it: never two running copies, never an outdated one, never lost
/// by our own hand, never still for longer than what is wrong explains.
/// </summary>
internal sealed class Guest(World world, string vmiUid, string name)
{
    private readonly List<Machine> _latest = [];
    private (Machine Source, Machine Target)? _halves;
    private long? _stoppedAt;
    private bool _ran;
    private bool _ranInHalves;

    public string VmiUid => vmiUid;

    public string Name => name;

    public List<Machine> Copies { get; } = [];

    /// <summary>It shuts itself down, or was asked to.</summary>
    public bool Leaving { get; set; }

    /// <summary>A fault that no protocol survives has hit it: the only copy, or one that had run, was killed.</summary>
    public bool Excused { get; private set; }

    public bool IsOver { get; private set; }

    public bool IsRunning => Copies.Exists(static copy => copy.IsRunning);

    /// <summary>Some copy could carry on.</summary>
    public bool IsAlive => _latest.Count > 0;

    public double LongestPause { get; private set; }

    public void Born(Machine first) => _latest.Add(first);

    public void Runs(Machine copy)
    {
        if (Copies.Exists(other => other != copy && other.IsRunning))
        {
            world.Violate($"two copies of {name} run");
        }

        if (!_latest.Contains(copy))
        {
            world.Violate($"a copy of {name} runs that is not the guest's latest");
        }

        _ran = true;
        _ranInHalves = true;
        if (copy.Incoming)
        {
            world.Happened("released", copy);
        }

        _latest.Clear();
        _latest.Add(copy);
        if (_stoppedAt is { } since)
        {
            var pause = (world.Clock.Ticks - since) / (double)TimeSpan.TicksPerSecond;
            LongestPause = Math.Max(LongestPause, pause);
            world.Paused(this, copy, since, pause);
        }

        _stoppedAt = null;
    }

    public void Stopped(Machine copy)
    {
        _ = copy;
        _stoppedAt ??= world.Clock.Ticks;
    }

    /// <summary>A target holds all that the stopped source holds.</summary>
    public void Loaded(Machine target) => _latest.Add(target);

    /// <summary>Post-copy: from here on the guest is in two halves, and only the target may run it.</summary>
    public void Halved(Machine source, Machine target)
    {
        _halves = (source, target);
        _ranInHalves = false;
        _latest.Clear();
        _latest.Add(target);
    }

    /// <summary>The target has all. So has the source, as long as the target has not run.</summary>
    public void Whole(Machine target)
    {
        if (_halves is { } halves && halves.Target == target)
        {
            _halves = null;
            if (!_ranInHalves)
            {
                _latest.Add(halves.Source);
            }
        }
    }

    public void Ended(Machine copy, bool ran, bool byScript)
    {
        Copies.Remove(copy);
        if (ran)
        {
            Stopped(copy);
        }

        var half = _halves is { } halves && (halves.Source == copy || halves.Target == copy);
        var held = _latest.Remove(copy) || half;
        if (!held || IsOver)
        {
            return;
        }

        Excused |= byScript && (half || world.MayHaveRun(this, copy));
        if (half)
        {
            _latest.Clear();
            _halves = null;
        }

        if (_latest.Count > 0)
        {
            return;
        }

        IsOver = true;
        if (_ran && !byScript && !Excused && !Leaving && !world.IsUnwanted(this))
        {
            world.Violate($"{name} was lost: its last copy ended without its being asked for");
        }
    }
}

using System.Globalization;
using Godwit.Qemu;

namespace Godwit.Simulation.Qemu;

/// <summary>
/// A QEMU process: run states, monitors, one migration at a time. It does what QEMU 10.0 was seen to do, its traps included:
/// a source that fails resumes by itself, a status stays until the next migration, a post-copy target may not answer.
/// </summary>
internal sealed partial class Machine
{
    private readonly World _world;
    private readonly Random _random;
    private readonly Dictionary<string, MonitorPort> _ports = new(StringComparer.Ordinal);
    private readonly List<Command> _unheard = [];
    private readonly SortedSet<string> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _capabilities = new(StringComparer.Ordinal);
    private bool _autoStart;

    public Machine(World world, string podUid, string address, Domain domain, Guest guest)
    {
        _world = world;
        PodUid = podUid;
        Address = address;
        Guest = guest;
        Memory = domain.Hardware.MemoryBytes;
        _random = world.RandomFor($"machine {podUid}");
        Incoming = domain.Incoming;
        RunState = domain.Incoming ? RunStates.InMigrate : RunStates.Prelaunch;
        _autoStart = domain.Incoming && world.Breaks.TargetRunsByItself;
        foreach (var socket in (ReadOnlySpan<string>)[DomainFolder.ControlSocket, DomainFolder.WatchSocket])
        {
            _ports[socket] = new MonitorPort(world.Clock, this);
        }

        world.Network.Put(address, this);
        guest.Copies.Add(this);
        if (!domain.Incoming)
        {
            guest.Born(this);
        }
    }

    public string PodUid { get; }

    public string Address { get; }

    public Guest Guest { get; }

    public long Memory { get; }

    /// <summary>It was started to take a guest in.</summary>
    public bool Incoming { get; }

    public bool IsAlive { get; private set; } = true;

    public string RunState { get; private set; }

    public bool IsRunning => RunState == RunStates.Running;

    /// <summary>The guest does not heed the power button.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>The main loop hangs: only what comes out of band is heard.</summary>
    public bool IsBlocked { get; private set; }

    /// <summary>Reason of the last SHUTDOWN event.</summary>
    public string? ShutdownCause { get; private set; }

    /// <summary>Called once, when the process has ended: exit code or signal.</summary>
    public Action<int?, int?>? Exited { get; set; }

    public MonitorPort Port(string socket) => _ports[socket];

    public IEnumerable<MonitorPort> Ports => _ports.Values;

    public TimeSpan CommandDelay() => Between(0.0002, 0.0015);

    /// <summary>The process ends; <paramref name="byScript"/>: it was killed as one of the faults to be borne.</summary>
    public void Die(int? code, int? signal, bool byScript)
    {
        if (!IsAlive)
        {
            return;
        }

        IsAlive = false;
        var ran = IsRunning;
        RunState = "gone";
        _world.Trace($"qemu {PodUid} ended code={code} signal={signal}");
        _world.Network.Remove(Address);
        foreach (var port in _ports.Values)
        {
            port.End();
        }

        Hop?.Ended(this);
        Guest.Ended(this, ran, byScript);
        Exited?.Invoke(code, signal);
    }

    public void Execute(Command command, bool outOfBand)
    {
        if (!IsAlive)
        {
            return;
        }

        if (IsBlocked && !outOfBand)
        {
            _unheard.Add(command);
            return;
        }

        Do(command);
    }

    /// <summary>The power button, or the guest's own wish.</summary>
    public void PowerDown(double after)
    {
        if (!IsRunning || IsDeaf)
        {
            return;
        }

        _world.Clock.After(after, () =>
        {
            if (IsAlive && IsRunning)
            {
                ShutDown("guest-shutdown");
            }
        });
    }

    public void Terminate() => ShutDown("host-signal");

    public void Block(bool blocked)
    {
        IsBlocked = blocked;
        if (blocked)
        {
            return;
        }

        var heard = _unheard.ToArray();
        _unheard.Clear();
        foreach (var command in heard)
        {
            Execute(command, outOfBand: false);
        }
    }

    private void ShutDown(string cause)
    {
        ShutdownCause = cause;
        Guest.Leaving |= cause == "guest-shutdown";
        Event("SHUTDOWN", $"{{\"guest\":{(cause == "guest-shutdown" ? "true" : "false")},\"reason\":\"{cause}\"}}");
        _world.Clock.After(0.005, () => Die(code: 0, signal: null, byScript: false));
    }

    private void Enter(string runState)
    {
        if (RunState == runState)
        {
            return;
        }

        var ran = IsRunning;
        RunState = runState;
        _world.Trace($"qemu {PodUid} {runState}");
        if (ran && !IsRunning)
        {
            Guest.Stopped(this);
            Event("STOP", null);
        }
        else if (!ran && IsRunning)
        {
            Guest.Runs(this);
            Event("RESUME", null);
        }
    }

    private void Event(string name, string? data)
    {
        var now = _world.Clock.UtcNow;
        var seconds = now.ToUnixTimeSeconds();
        var micros = now.Ticks % TimeSpan.TicksPerSecond / 10;
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"timestamp\":{{\"seconds\":{seconds},\"microseconds\":{micros}}},\"event\":\"{name}\"{(data is null ? "" : $",\"data\":{data}")}}}\n");
        foreach (var port in _ports.Values)
        {
            port.Event(line);
        }
    }

    private TimeSpan Between(double from, double to) => TimeSpan.FromSeconds(from + (_random.NextDouble() * (to - from)));
}

using Godwit.Qemu;

namespace Godwit.Simulation.Qemu;

/// <summary>One migration between two machines: the stream, and what becomes of both ends when it is held up or breaks.</summary>
internal sealed partial class Hop
{
    /// <summary>Bytes a second below which no running guest's memory can be sent.</summary>
    private const long LeastUseful = 1 << 20;
    private readonly World _world;
    private readonly Machine _source;
    private readonly string _uri;
    private readonly Random _random;
    private readonly double _link;
    private readonly double _passes;
    private Machine? _target;
    private long _generation;
    private double _sent;
    private double _needed;
    private long _since;
    private bool _flows;
    private bool _broken;
    private bool _continued;
    private bool _over;

    public Hop(World world, Machine source, string uri, Random random)
    {
        _world = world;
        _source = source;
        _uri = uri;
        _random = random;
        _link = world.Bandwidth * (0.5 + random.NextDouble());
        Converges = random.NextDouble() > world.Stubborn;
        _passes = 1 + (random.NextDouble() * 2);
        _needed = Converges ? source.Memory * _passes : double.PositiveInfinity;
        world.Network.Hops.Add(this);
    }

    public Machine Source => _source;

    private double Rate => Math.Min(_link, _source.MaxBandwidth);

    /// <summary>A running guest writes more than is sent.</summary>
    private bool IsHeld => _source.IsRunning && _source.MaxBandwidth < LeastUseful;

    /// <summary>The guest dirties its memory more slowly than it is sent.</summary>
    public bool Converges { get; }

    /// <summary>Bytes that have gone over, of the current pass.</summary>
    public long Sent
    {
        get
        {
            Advance();
            var inPass = _needed - _sent <= _source.Memory && !double.IsInfinity(_needed) ? _source.Memory - (_needed - _sent) : _sent % _source.Memory * 0.9;
            return (long)Math.Clamp(inPass, 0, _source.Memory);
        }
    }

    public long Passes
    {
        get
        {
            Advance();
            return 1 + (long)(_sent / _source.Memory);
        }
    }

    public void Connect() => Soon(0.0005, 0.004, () =>
    {
        if (_world.Network.At(_uri) is not { IsListening: true } target)
        {
            End();
            _source.FailOut(MigrationStates.Failed, "Failed to connect: Connection refused");
            return;
        }

        _target = target;
        target.Join(this);
        target.Tell(MigrationStates.Active);
        Soon(0.001, 0.006, () =>
        {
            _source.Tell(MigrationStates.Active);
            Flow();
        });
    });

    /// <summary>What is left can go over: the guest stands still, or post-copy is ordered.</summary>
    public void Hurry()
    {
        Advance();
        if (_source.Status == MigrationStates.Active)
        {
            _needed = _source.PostCopyOrdered
                ? _sent + (Rate * 0.05)
                : Math.Min(_needed, _sent + (_source.Memory * 0.3));
            Flow();
        }
    }

    /// <summary>It may use more, or less, from now on.</summary>
    public void Reflow()
    {
        if (_source.Status == MigrationStates.Active)
        {
            Flow();
        }
    }

    /// <summary>The switch goes on.</summary>
    public void Continue()
    {
        if (_broken)
        {
            End();
            _source.FailOut(MigrationStates.Failed, _source.ErrorDesc);
            return;
        }

        _continued = true;
        _source.Tell(MigrationStates.Device);
        Deliver();
    }

    public void Cancel()
    {
        if (_source.Status == MigrationStates.Cancelling)
        {
            return;
        }

        _generation++;
        _flows = false;
        _source.Tell(MigrationStates.Cancelling);
        var generation = _generation;
        _world.Clock.After(0.0005 + (_random.NextDouble() * 0.004), () =>
        {
            if (generation == _generation && !_over && _source.IsAlive)
            {
                var target = _target;
                End();
                _source.FailOut(MigrationStates.Cancelled, error: null);
                Lose(target, "Unable to read from socket: closed");
            }
        });
    }

    private void Flow()
    {
        Advance();
        _flows = !_world.Network.IsStalled;
        _generation++;
        if (!double.IsInfinity(_needed) && !IsHeld)
        {
            Soon(Math.Max(0, _needed - _sent) / Rate, Switch);
        }
    }

    private void Switch()
    {
        Advance();
        _flows = false;
        _source.StopForSwitch();
        Soon(0.0002, 0.001, () =>
        {
            if (_source.Has(MigrationCapabilities.PauseBeforeSwitchover))
            {
                _source.Tell(MigrationStates.PreSwitchover);
            }
            else
            {
                Continue();
            }
        });
    }

    /// <summary>The rest and the devices, then the target's word that it has them.</summary>
    private void Deliver() => Soon(0.004, 0.05, () =>
    {
        var target = _target!;
        if (_source.PostCopyOrdered)
        {
            _source.Tell(MigrationStates.PostcopyActive);
            target.Guest.Halved(_source, target);
            target.LoadDevices();
            _needed = _sent + (_source.Memory * 0.5);
            FlowRest();
            return;
        }

        if (target.Status != MigrationStates.Completed)
        {
            target.Load();
        }

        Soon(0.0002, 0.002, () =>
        {
            End();
            target.Leave();
            _source.Complete();
        });
    });

    private void FlowRest()
    {
        Advance();
        _flows = !_world.Network.IsStalled;
        Soon(Math.Max(0, _needed - _sent) / Rate, () =>
        {
            var target = _target!;
            target.Guest.Whole(target);
            target.Tell(MigrationStates.Completed);
            Soon(0.0002, 0.002, () =>
            {
                End();
                target.Leave();
                _source.Complete();
            });
        });
    }

    private void End()
    {
        _over = true;
        _generation++;
        _world.Network.Hops.Remove(this);
    }

    private void Advance()
    {
        if (_flows)
        {
            _sent = Math.Min(_needed, _sent + (Rate * (_world.Clock.Ticks - _since) / TimeSpan.TicksPerSecond));
        }

        _since = _world.Clock.Ticks;
    }

    private void Soon(double from, double to, Action action) => Soon(from + (_random.NextDouble() * (to - from)), action);

    /// <summary>After a time, unless something happens to the stream before; over a dead network it waits for the healing.</summary>
    private void Soon(double seconds, Action action)
    {
        if (_world.Network.IsStalled)
        {
            return;
        }

        var generation = ++_generation;
        _world.Clock.After(seconds, () =>
        {
            if (generation == _generation && !_over && _source.IsAlive)
            {
                action();
            }
        });
    }
}

using Godwit.Qemu;

namespace Godwit.Simulation.Qemu;

/// <summary>What holds the stream up or breaks it, and what both ends make of that.</summary>
internal sealed partial class Hop
{
    /// <summary>Packets vanish: what was under way waits.</summary>
    public void Stall()
    {
        Advance();
        if (_source.Status != MigrationStates.Cancelling)
        {
            _generation++;
            _flows = false;
        }
    }

    /// <summary>Packets go through again.</summary>
    public void Heal()
    {
        if (_over || _source.Status == MigrationStates.Cancelling)
        {
            return;
        }

        switch (_source.Status)
        {
            case MigrationStates.Setup:
                Connect();
                break;
            case MigrationStates.Active:
                Flow();
                break;
            case MigrationStates.Device when _continued:
                Deliver();
                break;
            case MigrationStates.PostcopyActive:
                FlowRest();
                break;
            case MigrationStates.PostcopyPaused when _target is { Status: MigrationStates.PostcopyActive }:
                // The reset that had vanished is repeated.
                PauseEnd(_target);
                break;
            case MigrationStates.PostcopyRecoverSetup:
                Resume();
                break;
        }
    }

    /// <summary>The connection is reset: both ends hear of it.</summary>
    public void Break(string error)
    {
        if (_over)
        {
            return;
        }

        Advance();
        _generation++;
        _flows = false;
        switch (_source.Status)
        {
            case MigrationStates.PreSwitchover:
                // Seen: it stays, with an error, until it is told to go on or to cancel.
                _broken = true;
                _source.NoteError(error);
                Lose(_target, error);
                break;
            case MigrationStates.Cancelling:
                _generation--;
                break;
            case MigrationStates.PostcopyActive or MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup or MigrationStates.PostcopyPaused:
                PauseEnd(_source);
                PauseEnd(_target!);
                break;
            default:
                var target = _target;
                End();
                _source.FailOut(MigrationStates.Failed, error);
                Lose(target, error);
                break;
        }
    }

    /// <summary>A side's process has ended.</summary>
    public void Ended(Machine machine)
    {
        if (_over)
        {
            return;
        }

        if (machine == _source)
        {
            var target = _target;
            if (target is { Status: MigrationStates.PostcopyActive or MigrationStates.PostcopyRecover or MigrationStates.PostcopyPaused })
            {
                PauseEnd(target);
                return;
            }

            End();
            Lose(target, "Unable to read from socket: Connection reset by peer");
            return;
        }

        Break("Unable to write to socket: Broken pipe");
    }

    /// <summary>One side breaks the post-copy channel on purpose; over a dead network the other side does not hear of it.</summary>
    public void Pause(Machine side)
    {
        Advance();
        _generation++;
        _flows = false;
        PauseEnd(side);
        if (!_world.Network.IsStalled)
        {
            PauseEnd(side == _source ? _target! : _source);
        }
    }

    /// <summary>The source connects anew to a target that was told to listen for it.</summary>
    public void Resume()
    {
        _source.Tell(MigrationStates.PostcopyRecoverSetup);
        Soon(0.001, 0.006, () =>
        {
            if (_target is not { IsAlive: true, Recoverable: true, Status: MigrationStates.PostcopyPaused } target)
            {
                _source.NoteError("Failed to connect: Connection refused");
                _source.Tell(MigrationStates.PostcopyPaused);
                return;
            }

            target.Recoverable = false;
            target.Block(false);
            target.Tell(MigrationStates.PostcopyRecover);
            _source.Tell(MigrationStates.PostcopyRecover);
            Soon(0.001, 0.004, () =>
            {
                target.Tell(MigrationStates.PostcopyActive);
                _source.Tell(MigrationStates.PostcopyActive);
                FlowRest();
            });
        });
    }

    private void PauseEnd(Machine side)
    {
        if (!side.IsAlive || side.Status is not (MigrationStates.PostcopyActive or MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup))
        {
            return;
        }

        side.NoteError("Channel error: Input/output error");
        side.Tell(MigrationStates.PostcopyPaused);
        // A guest that waits for a page may hold the main loop.
        if (side == _target && _random.NextDouble() < 0.5)
        {
            side.Block(true);
        }
    }

    private static void Lose(Machine? target, string error)
    {
        if (target is { IsAlive: true, Status: not MigrationStates.Completed })
        {
            target.FailIn(error);
        }
        else
        {
            target?.Leave();
        }
    }
}

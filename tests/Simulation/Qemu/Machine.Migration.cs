using Godwit.Qemu;

namespace Godwit.Simulation.Qemu;

// The migration, in or out.
internal sealed partial class Machine
{
    private bool _outgoing;
    private bool _resumes;
    private long _sent;

    /// <summary>As <c>query-migrate</c> tells it; null before the first migration. It stays until the next one.</summary>
    public string? Status { get; private set; }

    public string? ErrorDesc { get; private set; }

    /// <summary>The connection to the other side; null when there is none.</summary>
    public Hop? Hop { get; private set; }

    /// <summary>It listens for a post-copy channel to be made anew.</summary>
    public bool Recoverable { get; set; }

    /// <summary>The order to switch to post-copy was given.</summary>
    public bool PostCopyOrdered { get; private set; }

    /// <summary>What a migration may use, bytes a second.</summary>
    public long MaxBandwidth { get; private set; } = 128 << 20;

    /// <summary>It waits for a stream.</summary>
    public bool IsListening => IsAlive && RunState == RunStates.InMigrate && Status == MigrationStates.Setup && Hop is null;

    public bool Has(string capability) => _capabilities.GetValueOrDefault(capability);

    public void Tell(string status)
    {
        if (!IsAlive || Status == status)
        {
            return;
        }

        Status = status;
        _world.Trace($"qemu {PodUid} migration {status}");
        Event("MIGRATION", $"{{\"status\":\"{status}\"}}");
        _world.Happened($"{(_outgoing ? "source" : "target")}:{status}", this);
    }

    public void Join(Hop hop) => Hop = hop;

    /// <summary>The source stops its guest for the switch.</summary>
    public void StopForSwitch()
    {
        if (RunState != RunStates.FinishMigrate)
        {
            _resumes = IsRunning;
            Enter(RunStates.FinishMigrate);
        }
    }

    public void NoteError(string error) => ErrorDesc = error;

    /// <summary>The source's end without success; a guest that the switch has stopped resumes by itself.</summary>
    public void FailOut(string status, string? error)
    {
        Leave();
        ErrorDesc = error;
        Block(false);
        if (RunState == RunStates.FinishMigrate)
        {
            Enter(_resumes ? RunStates.Running : RunStates.Paused);
        }

        Tell(status);
    }

    /// <summary>The stream to the target broke before the guest was there.</summary>
    public void FailIn(string error)
    {
        Leave();
        ErrorDesc = error;
        Tell(MigrationStates.Failed);
    }

    /// <summary>All that there is has arrived at the target: its guest is held, unless it was told otherwise.</summary>
    public void Load()
    {
        Guest.Loaded(this);
        Enter(RunStates.Paused);
        if (_autoStart)
        {
            Enter(RunStates.Running);
        }

        Tell(MigrationStates.Completed);
    }

    /// <summary>The devices have arrived, the memory follows.</summary>
    public void LoadDevices()
    {
        Enter(RunStates.Paused);
        if (_autoStart)
        {
            Enter(RunStates.Running);
        }

        Tell(MigrationStates.PostcopyActive);
    }

    /// <summary>The source hears that the target has all.</summary>
    public void Complete()
    {
        _sent = Memory;
        Leave();
        Tell(MigrationStates.Completed);
        // The run state follows a moment later.
        _world.Clock.After(Between(0, 0.003), () =>
        {
            if (IsAlive && RunState == RunStates.FinishMigrate)
            {
                Enter(RunStates.PostMigrate);
            }
        });
    }

    public void Leave()
    {
        _sent = Hop?.Sent ?? _sent;
        Hop = null;
        PostCopyOrdered = false;
        Recoverable = false;
    }

    private void Listen(Command command)
    {
        if (RunState != RunStates.InMigrate || Status is not null)
        {
            command.Refuse("'-incoming' was not specified on the command line, or it is under way");
            return;
        }

        Tell(MigrationStates.Setup);
        command.Answer("{}");
    }

    private void Migrate(Command command)
    {
        var uri = command.Text("uri")!;
        if (command.Arguments.TryGetProperty("resume", out var resume) && resume.GetBoolean())
        {
            Yes(command, Status == MigrationStates.PostcopyPaused && Hop is not null, "Cannot resume if there is no paused migration");
            if (Status == MigrationStates.PostcopyPaused)
            {
                Hop?.Resume();
            }

            return;
        }

        if (Hop is not null || RunState is RunStates.InMigrate or RunStates.FinishMigrate or RunStates.PostMigrate)
        {
            command.Refuse("There's a migration process in progress");
            return;
        }

        _outgoing = true;
        _sent = 0;
        ErrorDesc = null;
        _resumes = IsRunning;
        command.Answer("{}");
        Hop = new Hop(_world, this, uri, _random);
        Tell(MigrationStates.Setup);
        Hop.Connect();
    }

    private void Cancel(Command command)
    {
        if (Status is MigrationStates.PostcopyActive or MigrationStates.PostcopyPaused or MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup)
        {
            command.Refuse("Postcopy migration in progress, cannot cancel.");
            return;
        }

        if (_outgoing && Hop is { } hop)
        {
            if (Status == MigrationStates.Device && _world.Network.IsStalled && _random.NextDouble() < 0.5)
            {
                // Its main loop hangs in a write, with the command.
                Block(true);
                _unheard.Add(command);
                return;
            }

            hop.Cancel();
        }

        command.Answer("{}");
    }

    private void OrderPostCopy(Command command)
    {
        if (!_outgoing || Hop is null || !Has(MigrationCapabilities.PostcopyRam))
        {
            command.Refuse("Postcopy must be started after migration has been started");
            return;
        }

        PostCopyOrdered = true;
        command.Answer("{}");
        Hop.Hurry();
    }
}

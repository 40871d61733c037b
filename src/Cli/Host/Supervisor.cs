using System.Threading.Channels;

namespace Godwit.Cli.Host;

/// <summary>
/// Starts the cluster's processes, starts them again whenever one dies, and ends them when it is told to end.
/// Holds the state folder's lock for as long as it lives. Pods are not its children: they outlive everything here.
/// </summary>
public sealed class Supervisor(StateFolder state, ClusterSettings settings, TimeProvider clock) : IDisposable
{
    public const string Name = "supervisor";
    private const long LogLimit = 16 << 20;
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The name of a node's virt-handler among the processes.</summary>
    public static string HandlerOf(string node) => $"handler-{node}";

    private readonly Channel<(int Pid, int Status)> _exits = Channel.CreateUnbounded<(int, int)>();
    private readonly SemaphoreSlim _spawned = new(0);
    private readonly Dictionary<int, Child> _running = [];

    /// <summary>Runs until it is cancelled; then every child has ended.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using var held = StateLock.Take(state);
        Native.BecomeSubreaper();
        var self = Environment.ProcessId;
        state.WriteProcess(new() { Name = Name, Pid = self, StartTicks = ProcessTable.StartTicks(self) ?? 0, Started = clock.GetUtcNow() });
        Directory.CreateDirectory(state.Logs);
        await EndLeftoversAsync();
        new Thread(Reap) { IsBackground = true, Name = "reaper" }.Start();

        var children = Plan();
        Log($"supervisor {self} runs {children.Count} processes from {settings.BinDir}");
        try
        {
            await SuperviseAsync(children, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Log("told to end");
        }
        finally
        {
            await EndAllAsync();
            state.ForgetProcess(Name);
            Log("ended");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _spawned.Dispose();

    private List<Child> Plan()
    {
        var daemon = Path.Combine(settings.BinDir, "godwitd");
        var cluster = new Child("cluster", daemon, ["cluster", "--state", state.Root], Needs: null);
        return settings.Bare ? [cluster] :
        [
            cluster,
            new(
                "controller",
                daemon,
                [
                    "controller", "--state", state.Root, "--kubeconfig", Pki("virt-controller"), "--listen", $"0.0.0.0:{settings.WebhookPort}",
                    "--metrics-listen", $"127.0.0.1:{settings.MetricsPort}",
                ],
                Pki("virt-controller")),
            .. settings.Nodes.Select(node => new Child(
                HandlerOf(node),
                daemon,
                [
                    "handler", "--kubeconfig", Pki($"virt-handler-{node}"), "--node", node,
                    "--kubelet-root", Path.Combine(state.Root, "nodes", node, "kubelet"),
                ],
                Pki($"virt-handler-{node}"),
                state.PowerOffFile(node))),
        ];
    }

    private string Pki(string user) => Path.Combine(state.Root, "pki", $"{user}.kubeconfig");

    private async Task SuperviseAsync(List<Child> children, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            var now = clock.GetUtcNow();
            var wait = TimeSpan.FromMinutes(1);
            foreach (var child in children.Where(static c => c.Pid == 0))
            {
                var due = child.NotBefore - now;
                if (due <= TimeSpan.Zero && child.IsHeld)
                {
                    due = TimeSpan.FromMilliseconds(250);
                }
                else if (due <= TimeSpan.Zero && child.Needs is { } file && !File.Exists(file))
                {
                    due = TimeSpan.FromMilliseconds(25);
                }

                if (due <= TimeSpan.Zero)
                {
                    Start(child);
                }
                else if (due < wait)
                {
                    wait = due;
                }
            }

            using var timer = new CancellationTokenSource(wait, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
            try
            {
                var (pid, status) = await _exits.Reader.ReadAsync(linked.Token);
                Ended(pid, status);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // Something may be due.
            }
        }
    }

    private void Start(Child child)
    {
        var log = state.LogOf(child.Name);
        if (new FileInfo(log) is { Exists: true, Length: > LogLimit })
        {
            File.Move(log, $"{log}.1", overwrite: true);
        }

        try
        {
            child.Pid = Native.Spawn(child.File, child.Arguments, ChildEnvironment(), log);
        }
        catch (IOException e)
        {
            Log($"{child.Name}: {e.Message}");
            child.LastExit = e.Message;
            child.Delay(clock.GetUtcNow());
            return;
        }

        child.Started = clock.GetUtcNow();
        _running[child.Pid] = child;
        _spawned.Release();
        Log($"{child.Name}: started as {child.Pid}");
        state.WriteProcess(new()
        {
            Name = child.Name,
            Pid = child.Pid,
            StartTicks = ProcessTable.StartTicks(child.Pid) ?? 0,
            Started = child.Started,
            Restarts = child.Restarts,
            LastExit = child.LastExit,
        });
    }

    private void Ended(int pid, int status)
    {
        if (!_running.Remove(pid, out var child))
        {
            return;
        }

        var now = clock.GetUtcNow();
        child.LastExit = (status & 0x7f) == 0 ? $"exit code {(status >> 8) & 0xff}" : $"signal {status & 0x7f}";
        child.Pid = 0;
        child.Restarts++;
        child.Delay(now);
        Log($"{child.Name}: {pid} ended with {child.LastExit}, {(child.IsHeld ? "its node is off" : $"starts again in {(child.NotBefore - now).TotalSeconds:0.0} s")}");
    }

    private async Task EndAllAsync()
    {
        foreach (var child in _running.Values)
        {
            _ = Native.Kill(child.Pid, Native.SigTerm);
        }

        using var deadline = new CancellationTokenSource(EndTimeout, clock);
        try
        {
            while (_running.Count > 0)
            {
                var (pid, _) = await _exits.Reader.ReadAsync(deadline.Token);
                Forget(pid);
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var child in _running.Values)
            {
                Log($"{child.Name}: did not end within {EndTimeout.TotalSeconds:0} s, killed");
                _ = Native.Kill(child.Pid, Native.SigKill);
            }

            while (_running.Count > 0)
            {
                var (pid, _) = await _exits.Reader.ReadAsync(CancellationToken.None);
                Forget(pid);
            }
        }
    }

    private void Forget(int pid)
    {
        if (_running.Remove(pid, out var child))
        {
            state.ForgetProcess(child.Name);
        }
    }

    /// <summary>Children of a supervisor that was killed run on; two of a kind must not.</summary>
    private async Task EndLeftoversAsync()
    {
        foreach (var record in state.Processes().Where(static r => r.Name != Name))
        {
            if (ProcessTable.IsAlive(record))
            {
                Log($"{record.Name}: {record.Pid} was left by an earlier supervisor, ended");
                await Termination.EndAsync(record, EndTimeout, clock);
            }

            state.ForgetProcess(record.Name);
        }
    }

    private void Reap()
    {
        while (true)
        {
            if (Native.WaitAny() is { } exit)
            {
                _exits.Writer.TryWrite(exit);
            }
            else
            {
                _spawned.Wait();
            }
        }
    }

    private static List<string> ChildEnvironment()
    {
        var all = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(static e => (string)e.Key, static e => (string?)e.Value ?? "", StringComparer.Ordinal);
        all["PATH"] = $"{all.GetValueOrDefault("PATH", "/usr/bin:/bin")}:/usr/sbin:/sbin";
        // Hexadecimal bytes: the first generation otherwise takes as much memory as the processor has cache, in each process.
        all["DOTNET_GCgen0size"] = "400000";
        // A diagnostic port of each process is a socket file in /tmp that a killed process leaves behind.
        all["DOTNET_EnableDiagnostics"] = "0";
        return [.. all.Select(static e => $"{e.Key}={e.Value}")];
    }

    private void Log(string text) => Console.WriteLine($"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {text}");

    /// <summary>One process to keep alive.</summary>
    /// <param name="Name">Its name in the log and in the state folder.</param>
    /// <param name="File">The program.</param>
    /// <param name="Arguments">Its arguments.</param>
    /// <param name="Needs">A file that must be there before it is started.</param>
    /// <param name="Unless">A file that must not be there when it is started.</param>
    private sealed record Child(string Name, string File, IReadOnlyList<string> Arguments, string? Needs, string? Unless = null)
    {
        private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(0.2);
        private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
        private static readonly TimeSpan GoodLife = TimeSpan.FromSeconds(10);
        private TimeSpan _delay = FirstDelay;

        public bool IsHeld => Unless is not null && System.IO.File.Exists(Unless);

        public int Pid { get; set; }

        public int Restarts { get; set; }

        public DateTimeOffset Started { get; set; }

        public DateTimeOffset NotBefore { get; private set; }

        public string? LastExit { get; set; }

        public void Delay(DateTimeOffset now)
        {
            if (now - Started > GoodLife)
            {
                _delay = FirstDelay;
            }

            NotBefore = now + _delay;
            _delay = _delay * 2 > LongestDelay ? LongestDelay : _delay * 2;
        }
    }
}

using Godwit.Machinery;
using Godwit.Simulation.Api;
using Godwit.Simulation.Time;

namespace Godwit.Simulation.Nodes;

/// <summary>
/// One process of ours, from start to death. When it is killed nothing reaches it any more: no timer, no answer, no event. What
/// it has sent is under way and may still arrive.
/// </summary>
internal sealed class Process : IDisposable
{
    private readonly World _world;
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;

    public Process(World world, string name, Link link)
    {
        _world = world;
        Name = name;
        world.Processes.Add(this);
        Clock = new ProcessClock(world.Clock, () => IsAlive);
        Client = new Client(name, () => IsAlive, link);
        _http = new HttpClient(new Transport(world.Clock, world.Server, Client)) { Timeout = Timeout.InfiniteTimeSpan };
        Api = new ApiClient(
            _http,
            new Uri("http://api"),
            new ApiClientOptions { Jitter = world.RandomFor($"jitter {name}"), WatchDuration = TimeSpan.FromMinutes(world.Plan.WatchMinutes) },
            Clock);
    }

    public string Name { get; }

    public bool IsAlive { get; private set; } = true;

    public ProcessClock Clock { get; }

    public Client Client { get; }

    public ApiClient Api { get; }

    public void Run(Func<CancellationToken, Task> work)
    {
        _ = ThreadPool.UnsafeQueueUserWorkItem(static state => state.Me.Begin(state.work), (Me: this, work), preferLocal: false);
    }

    public void Dispose()
    {
        _http.Dispose();
        _stop.Dispose();
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        IsAlive = false;
        foreach (var collection in _world.Server.Collections)
        {
            collection.Watchers.RemoveAll(watcher => watcher.Client == Client);
        }
    }

    /// <summary>SIGTERM, and SIGKILL two seconds later.</summary>
    public void Stop()
    {
        _world.Clock.After(2, Kill);
        _stop.Cancel();
    }

    private async void Begin(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            _world.Violate($"{Name} ended by itself: {e}");
            return;
        }

        if (IsAlive && !_stop.IsCancellationRequested)
        {
            _world.Violate($"{Name} ended by itself");
        }
    }
}

using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Puts the probes of one run of a container to it, as long as it runs.</summary>
internal sealed class ContainerProbes : IAsyncDisposable
{
    private readonly KubeletServices _services;
    private readonly Container _container;
    private readonly ContainerRecord _run;
    private readonly string _address;
    private readonly Action<string> _unhealthy;
    private readonly Action _changed;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;
    private volatile ProbeState _state;

    public ContainerProbes(
        KubeletServices services, Container container, ContainerRecord run, string address, bool wasReady, Action<string> unhealthy, Action changed)
    {
        _services = services;
        _container = container;
        _run = run;
        _address = address;
        _unhealthy = unhealthy;
        _changed = changed;
        _state = new ProbeState { IsStarted = container.StartupProbe is null || wasReady, IsReady = container.ReadinessProbe is null || wasReady };
        _loops = RunAsync(_stop.Token);
    }

    public ProbeState State => _state;

    public static bool Has(Container container) => (container.LivenessProbe ?? container.ReadinessProbe ?? container.StartupProbe) is not null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        await Task.Yield();
        if (_container.StartupProbe is { } startup && !_state.IsStarted)
        {
            await LoopAsync("Startup", startup, untilFirstSuccess: true, cancellation);
        }
        var loops = new List<Task>();
        if (_container.ReadinessProbe is { } readiness)
        {
            loops.Add(LoopAsync("Readiness", readiness, untilFirstSuccess: false, cancellation));
        }
        if (_container.LivenessProbe is { } liveness)
        {
            loops.Add(LoopAsync("Liveness", liveness, untilFirstSuccess: false, cancellation));
        }
        await Task.WhenAll(loops);
    }

    private async Task LoopAsync(string kind, Probe probe, bool untilFirstSuccess, CancellationToken cancellation)
    {
        var initial = _run.StartedAt!.Value.AddSeconds(probe.InitialDelaySeconds ?? 0) - _services.Time.GetUtcNow();
        if (initial > TimeSpan.Zero)
        {
            await Task.Delay(initial, _services.Time, cancellation);
        }
        var (successes, failures) = (0, 0);
        while (!cancellation.IsCancellationRequested)
        {
            var trouble = await _services.Prober.AskAsync(_container, _run, probe, _address, cancellation);
            (successes, failures) = trouble is null ? (successes + 1, 0) : (0, failures + 1);
            if (trouble is not null)
            {
                _unhealthy($"{kind} probe failed: {trouble}");
            }
            if (trouble is null && successes >= (probe.SuccessThreshold ?? 1))
            {
                Set(kind switch { "Readiness" => _state with { IsReady = true }, "Startup" => _state with { IsStarted = true }, _ => _state });
                if (untilFirstSuccess)
                {
                    return;
                }
            }
            else if (failures >= (probe.FailureThreshold ?? 3))
            {
                Set(kind == "Readiness"
                    ? _state with { IsReady = false }
                    : _state with { Unhealthy = $"Container {_container.Name} failed {kind.ToLowerInvariant()} probe, will be restarted" });
                if (kind != "Readiness")
                {
                    return;
                }
            }
            await Task.Delay(TimeSpan.FromSeconds(Math.Max(1, probe.PeriodSeconds ?? 10)), _services.Time, cancellation);
        }
    }

    private void Set(ProbeState state)
    {
        if (_state != state)
        {
            _state = state;
            _changed();
        }
    }
}

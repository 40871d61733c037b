using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Carries out what was decided for a pod: starts and stops containers, keeps probes and troubles, records events.</summary>
internal sealed class PodApplier(KubeletServices services, PodRuns runs, Action wake) : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan VolumeRefresh = TimeSpan.FromMinutes(1);

    private readonly ContainerStarter _starter = new(services);
    private readonly Dictionary<string, StartTrouble> _troubles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContainerProbes> _probes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private DateTimeOffset _volumesFresh;
    private string? _volumesVersion;

    public IReadOnlyDictionary<string, StartTrouble> Troubles => _troubles;

    public IReadOnlyDictionary<string, ProbeState> Probes() => _probes.ToDictionary(p => p.Key, p => p.Value.State, StringComparer.Ordinal);

    /// <summary>Starts containers; what goes wrong becomes their waiting reason and is tried again later.</summary>
    public async Task StartAsync(PodFacts facts, IReadOnlyList<StartOrder> orders, CancellationToken cancellation)
    {
        var images = orders.Select(o => (Order: o, Image: Image(facts.Pod, o))).Where(o => o.Image is not null).ToList();
        if (images.Count == 0 || !VolumeImagesReady(facts.Pod, orders))
        {
            return;
        }
        SandboxRecord sandbox;
        IReadOnlyDictionary<string, MountedVolume> volumes;
        try
        {
            sandbox = facts.Sandbox ?? await services.Sandboxes.EnsureAsync(facts.Pod, cancellation);
            await services.Networks.AnnounceAsync(facts.Pod, sandbox, cancellation);
            volumes = await services.Volumes.SetUpAsync(facts.Pod, sandbox.Address, cancellation);
            _volumesFresh = facts.Now;
            _volumesVersion = facts.Pod.Metadata.ResourceVersion;
        }
        catch (Exception e) when (e is VolumeException or CniException or NetworkException or HostToolException or IOException)
        {
            var (reason, message) = e is VolumeException ? ("FailedMount", e.Message) : ("FailedCreatePodSandBox", $"Failed to create pod sandbox: {e.Message}");
            Warning(facts.Pod, reason, message);
            foreach (var order in orders)
            {
                Trouble(order.Container.Name, "ContainerCreating", message);
            }
            return;
        }
        foreach (var (order, image) in images)
        {
            await StartAsync(facts.Pod, order, image!, sandbox, volumes, cancellation);
        }
    }

    /// <summary>Asks a container to end, or ends it when its time is over.</summary>
    public async Task StopAsync(PodFacts facts, StopOrder order, CancellationToken cancellation)
    {
        var run = order.Run;
        var now = facts.Now;
        if (run.StopSentAt is null)
        {
            Normal(facts.Pod, "Killing", order.Why == "Stopping container" ? $"Stopping container {run.Name}" : order.Why);
            run = run with { StopSentAt = now };
            runs.Put(run);
            await EndProbesAsync(run.Id);
            await PreStopAsync(facts, run, order.KillAt - now, cancellation);
            await services.Runtime.SignalAsync(run, "TERM", cancellation);
        }
        if (services.Time.GetUtcNow() >= order.KillAt)
        {
            await services.Runtime.SignalAsync(run, "KILL", cancellation);
        }
    }

    /// <summary>What a running pod needs from time to time: its probes, shorter logs, newer files from ConfigMaps and the like.</summary>
    public async Task MaintainAsync(PodFacts facts, CancellationToken cancellation)
    {
        if (facts.KillAt is not null)
        {
            return;
        }
        TellBackOff(facts);
        if (facts.Sandbox is null || !facts.Latest.Values.Any(r => r.IsRunning))
        {
            return;
        }
        EnsureProbes(facts);
        await RotateLogsAsync(facts, cancellation);
        var isDue = facts.Now - _volumesFresh >= VolumeRefresh || facts.Pod.Metadata.ResourceVersion != _volumesVersion;
        if (!isDue || !VolumeManager.HasChangingFiles(facts.Pod))
        {
            return;
        }
        try
        {
            await services.Volumes.SetUpAsync(facts.Pod, facts.Sandbox!.Address, cancellation);
        }
        catch (VolumeException e)
        {
            // What the pod has stays; it only gets no newer content.
            Warning(facts.Pod, "FailedMount", e.Message);
        }
        _volumesFresh = facts.Now;
        _volumesVersion = facts.Pod.Metadata.ResourceVersion;
    }

    public async Task EndProbesAsync(string? id = null)
    {
        foreach (var (key, probes) in _probes.Where(p => id is null || p.Key == id).ToList())
        {
            _probes.Remove(key);
            await probes.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await EndProbesAsync();

    private async Task StartAsync(
        Pod pod, StartOrder order, ImageState.Ready image, SandboxRecord sandbox, IReadOnlyDictionary<string, MountedVolume> volumes, CancellationToken cancellation)
    {
        var name = order.Container.Name;
        try
        {
            Normal(pod, "Pulled", image.WasPulled
                ? $"Successfully pulled image \"{order.Container.Image}\""
                : $"Container image \"{order.Container.Image}\" already present on machine");
            var run = await _starter.StartAsync(pod, order, image, sandbox, volumes, (reason, message) => Normal(pod, reason, message), cancellation);
            _troubles.Remove(name);
            runs.Put(run);
            await PostStartAsync(pod, order.Container, run, cancellation);
            Probe(pod, order.Container, run, sandbox.Address!, wasReady: false);
        }
        catch (PodConfigException e)
        {
            Warning(pod, "Failed", $"Error: {e.Message}");
            Trouble(name, e.Reason, e.Message);
        }
        catch (Exception e) when (e is HostToolException or IOException or FormatException or UnauthorizedAccessException)
        {
            Warning(pod, "Failed", $"Error: {e.Message}");
            Trouble(name, "CreateContainerError", e.Message);
        }
    }

    /// <summary>Null while the image is not here; the reason is then noted.</summary>
    private ImageState.Ready? Image(Pod pod, StartOrder order) => Image(pod, order.Container.Image, order.Container.ImagePullPolicy, [order.Container.Name]);

    private bool VolumeImagesReady(Pod pod, IReadOnlyList<StartOrder> orders)
    {
        var names = orders.Select(o => o.Container.Name).ToList();
        return (pod.Spec.Volumes ?? []).Where(v => v.Image is not null)
            .All(v => Image(pod, v.Image!.Reference, v.Image.PullPolicy, names) is not null);
    }

    private ImageState.Ready? Image(Pod pod, string reference, string? policy, IReadOnlyList<string> containers)
    {
        switch (services.Images.Ask(reference, policy, wake))
        {
            case ImageState.Ready ready:
                return ready;
            case ImageState.Pulling pulling:
                if (pulling.IsNew)
                {
                    Normal(pod, "Pulling", $"Pulling image \"{reference}\"");
                }
                foreach (var name in containers.Where(n => !_troubles.ContainsKey(n) || _troubles[n].RetryAt <= services.Time.GetUtcNow()))
                {
                    var shown = _troubles.GetValueOrDefault(name);
                    _troubles[name] = new(shown?.Reason ?? "ContainerCreating", shown?.Message ?? $"Pulling image \"{reference}\"", services.Time.GetUtcNow() + FirstRetry, 0);
                }
                return null;
            case ImageState.Failed failed:
                if (failed.IsNew)
                {
                    Warning(pod, "Failed", failed.Reason == "ErrImagePull" ? $"Failed to pull image \"{reference}\": {failed.Message}" : $"Error: {failed.Message}");
                    Warning(pod, "Failed", $"Error: {failed.Reason}");
                }
                else
                {
                    Normal(pod, "BackOff", $"Back-off pulling image \"{reference}\"");
                }
                foreach (var name in containers)
                {
                    _troubles[name] = new(failed.Reason, failed.Message, failed.RetryAt, 0);
                }
                return null;
            default:
                return null;
        }
    }

    private void Trouble(string container, string reason, string message)
    {
        var count = (_troubles.GetValueOrDefault(container)?.Count ?? 0) + 1;
        var wait = TimeSpan.FromSeconds(Math.Min(LongestRetry.TotalSeconds, FirstRetry.TotalSeconds * Math.Pow(2, Math.Min(count - 1, 10))));
        _troubles[container] = new(reason, message, services.Time.GetUtcNow() + wait, count);
    }

    /// <summary>Says once for each run that a container will not be started again at once.</summary>
    private void TellBackOff(PodFacts facts)
    {
        foreach (var container in facts.Pod.Spec.Containers.Concat(facts.InitContainers))
        {
            if (facts.Run(container.Name) is { IsFinished: true } run && !facts.Pod.IsFinished && PodDecision.RestartAt(run) > facts.Now && _told.Add(run.Id))
            {
                Warning(facts.Pod, "BackOff", $"Back-off restarting failed container {container.Name} in pod {facts.Pod.Metadata.Name}_{facts.Pod.Metadata.Namespace}({facts.Pod.Metadata.Uid})");
            }
        }
    }

    /// <summary>After a restart of this process the probes of what runs begin again, from what the API last said.</summary>
    private void EnsureProbes(PodFacts facts)
    {
        foreach (var container in facts.Pod.Spec.Containers.Concat(facts.InitContainers))
        {
            if (facts.Run(container.Name) is { IsRunning: true, StopSentAt: null } run && !_probes.ContainsKey(run.Id))
            {
                var known = facts.Pod.Status.ContainerStatuses?.Find(s => s.Name == container.Name);
                Probe(facts.Pod, container, run, facts.Sandbox!.Address!, known?.ContainerId == $"conmon://{run.Id}" && known.Ready);
            }
        }
    }

    private void Probe(Pod pod, Container container, ContainerRecord run, string address, bool wasReady)
    {
        if (ContainerProbes.Has(container))
        {
            _probes[run.Id] = new ContainerProbes(services, container, run, address, wasReady, message => Warning(pod, "Unhealthy", message), wake);
        }
    }

    private async Task PostStartAsync(Pod pod, Container container, ContainerRecord run, CancellationToken cancellation)
    {
        if (container.Lifecycle?.PostStart is { } hook && await HookAsync(container, hook, run, PodDecision.Grace(pod), cancellation) is { } trouble)
        {
            Warning(pod, "FailedPostStartHook", $"PostStartHook failed: {trouble}");
            runs.Put(run with { StopSentAt = services.Time.GetUtcNow() });
            await services.Runtime.SignalAsync(run, "KILL", cancellation);
        }
    }

    private async Task PreStopAsync(PodFacts facts, ContainerRecord run, TimeSpan time, CancellationToken cancellation)
    {
        var container = facts.Pod.Spec.Containers.Find(c => c.Name == run.Name);
        if (container?.Lifecycle?.PreStop is { } hook && time > TimeSpan.Zero && await HookAsync(container, hook, run, time, cancellation) is { } trouble)
        {
            Warning(facts.Pod, "FailedPreStopHook", $"PreStopHook failed: {trouble}");
        }
    }

    private Task<string?> HookAsync(Container container, LifecycleHandler hook, ContainerRecord run, TimeSpan time, CancellationToken cancellation)
    {
        var question = new Probe { Exec = hook.Exec, HttpGet = hook.HttpGet, TimeoutSeconds = (int)Math.Clamp(time.TotalSeconds, 1, int.MaxValue) };
        return services.Prober.AskAsync(container, run, question, services.Sandboxes.Find(run.PodUid)?.Address ?? "", cancellation);
    }

    private async Task RotateLogsAsync(PodFacts facts, CancellationToken cancellation)
    {
        foreach (var run in facts.Latest.Values.Where(r => r.IsRunning))
        {
            var log = new FileInfo(run.LogPath);
            if (log.Exists && log.Length > services.Options.LogRotationBytes)
            {
                File.Move(run.LogPath, run.LogPath + ".1", overwrite: true);
                await services.Runtime.ReopenLogAsync(run.Id, cancellation);
            }
        }
    }

    private void Normal(Pod pod, string reason, string message) => services.Events.Normal(Regarding(pod), reason, message);

    private void Warning(Pod pod, string reason, string message) => services.Events.Warning(Regarding(pod), reason, message);

    private static ObjectReference Regarding(Pod pod) =>
        new("v1", "Pod", new(pod.Metadata.Namespace!, pod.Metadata.Name), pod.Metadata.Uid, pod.Metadata.ResourceVersion ?? "");
}

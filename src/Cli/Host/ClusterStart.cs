using System.Collections;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;

namespace Godwit.Cli.Host;

/// <summary>Starts a local cluster, or finds that it runs, and waits until virtual machines can be made.</summary>
public sealed class ClusterStart(StateFolder state, TimeProvider clock)
{
    private const int LongestLine = 240;

    /// <summary>How long it took, and whether the cluster ran before.</summary>
    public sealed record Result(ClusterSettings Settings, bool Ran, TimeSpan NodesReady, TimeSpan Ready);

    /// <summary>Brings the cluster up. The machine's checks come first, so that nothing is half made.</summary>
    public async Task<Result> RunAsync(UpOptions options, CancellationToken ct)
    {
        var running = StateLock.IsHeld(state);
        var earlier = state.ReadSettings();
        using var turn = running ? null : await StartTurn.TakeAsync(new(options.Timeout, clock), ct);
        ClusterSettings settings;
        if (running)
        {
            settings = earlier ?? throw new CliException($"{state.Root} is in use, but holds no cluster.json.", "Try again in a moment.");
            if (options.Nodes is { } nodes && nodes != settings.Nodes.Count)
            {
                throw new CliException($"The cluster runs with {settings.Nodes.Count} nodes.", $"End it first: godwit down --state {state.Root}");
            }

            if (options.Bare && !settings.Bare)
            {
                throw new CliException("The cluster runs with Godwit in it, so it cannot become bare.", $"End it first: godwit down --state {state.Root}");
            }
        }
        else
        {
            Prerequisites.Kernel();
            await Prerequisites.PackagesAsync(AppContext.BaseDirectory, ["run"], options.Yes, ct);
            settings = Choose(options, earlier);
            Launch(settings);
        }

        var deadline = new Deadline(options.Timeout, clock);
        await WaitAsync(settings, deadline, ct);
        var nodesReady = deadline.Elapsed;
        if (!settings.Bare)
        {
            await WaitForVirtualizationAsync(deadline, ct);
        }

        return new(settings, running, nodesReady, deadline.Elapsed);
    }

    private ClusterSettings Choose(UpOptions options, ClusterSettings? earlier)
    {
        var routed = Networks.Routed();
        var settings = SettingsChoice.Decide(options, earlier, routed, Prerequisites.IsFree);
        // What an earlier life of this very cluster left is not in the way: the supervisor ends it, the cluster takes it over.
        var ours = state.Processes().Where(ProcessTable.IsAlive).Select(static r => r.Pid).ToHashSet();
        CheckPort(settings.ApiPort, "of the API server", "--port", ours);
        CheckPort(settings.WebhookPort, "of the webhooks", "--webhook-port", ours);
        if (earlier is null)
        {
            foreach (var (cidr, flag) in ((string, string)[])[
                (settings.NodeCidr, "--node-cidr"), (settings.PodCidr, "--pod-cidr"), (settings.ServiceCidr, "--service-cidr")])
            {
                if (Networks.Conflict(cidr, routed) is { } route)
                {
                    throw new CliException(
                        $"The network {cidr} overlaps {route}, which this machine has a route to.",
                        $"Choose another with {flag}, or let --auto choose; if it is a cluster of an older state folder, end that with `godwit down --state DIR`.");
                }
            }
        }

        return settings;
    }

    private static void CheckPort(int port, string what, string flag, HashSet<int> ours)
    {
        if (ProcessTable.ListenerOn(port) is not { } pid || !ours.Contains(pid))
        {
            Prerequisites.Port(port, what, flag);
        }
    }

    private void Launch(ClusterSettings settings)
    {
        var daemon = Path.Combine(settings.BinDir, "godwitd");
        if (!File.Exists(daemon))
        {
            throw new CliException($"{daemon} is missing.", "Build again: remove artifacts/godwit and run ./godwit.");
        }

        try
        {
            foreach (var node in settings.Nodes.Where(state.IsOff))
            {
                // Who starts the cluster means all of it.
                File.Delete(state.PowerOffFile(node));
            }

            state.WriteSettings(settings);
            Directory.CreateDirectory(state.Logs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"The state folder {state.Root} cannot be written: {e.Message}", "Free some space, or give another --state folder.");
        }

        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static e => $"{e.Key}={e.Value}");
        Native.Spawn(
            Environment.ProcessPath!, ["supervise", "--state", state.Root], [.. environment], state.LogOf(Supervisor.Name));
    }

    private async Task WaitAsync(ClusterSettings settings, Deadline deadline, CancellationToken ct)
    {
        await deadline.UntilAsync(
            "the supervisor",
            state.LogOf(Supervisor.Name),
            _ => Task.FromResult(StateLock.IsHeld(state) ? null : "it has not taken the state folder's lock"),
            ct);
        await deadline.UntilAsync(
            "the API server",
            state.LogOf("cluster"),
            _ => Task.FromResult(File.Exists(state.Kubeconfig) ? null : Explain("cluster", "it has written no kubeconfig")),
            ct);
        using var api = ClusterAccess.Open(state);
        await deadline.UntilAsync("the API server", state.LogOf("cluster"), Tolerant("cluster", async token => await ReadAsync(api, token)), ct);
        await deadline.UntilAsync(
            "the nodes",
            state.LogOf("cluster"),
            Tolerant("cluster", async token =>
            {
                var nodes = (await api.ListAsync(Resources.Node, ct: token)).Items;
                var lacking = settings.Nodes.Where(name => !state.IsOff(name) && !nodes.Any(n => n.Name() == name && Lookups.HasCondition(n, "Ready"))).ToArray();
                return lacking.Length == 0 ? null : Explain("cluster", $"not Ready: {string.Join(", ", lacking)}");
            }),
            ct);
    }

    private async Task WaitForVirtualizationAsync(Deadline deadline, CancellationToken ct)
    {
        using var api = ClusterAccess.Open(state);
        await deadline.UntilAsync(
            "virt-api",
            state.LogOf("controller"),
            Tolerant("cluster", async token => await WithoutTrustAsync(api, token) is { } name ? Explain("controller", $"{name} has no caBundle yet") : null),
            ct);
        await deadline.UntilAsync(
            "virt-handler",
            $"{state.Logs}/handler-*.log",
            Tolerant("cluster", async token =>
            {
                var nodes = (await api.ListAsync(Resources.Node, ct: token)).Items;
                var lacking = nodes.FirstOrDefault(n => !state.IsOff(n.Name()) && n.Labels().GetValueOrDefault(Godwit.Types.Labels.Schedulable) != "true");
                return lacking is null ? null : Explain($"handler-{lacking.Name()}", $"{lacking.Name()} has no {Godwit.Types.Labels.Schedulable}=true");
            }),
            ct);
    }

    /// <summary>The name of a webhook configuration of ours that cannot be called yet.</summary>
    private static async Task<string?> WithoutTrustAsync(ApiClient api, CancellationToken ct)
    {
        foreach (var kind in (ResourceKind[])[Resources.MutatingWebhooks, Resources.ValidatingWebhooks])
        {
            foreach (var configuration in (await api.ListAsync(kind, ct: ct)).Items)
            {
                if (configuration.Labels().ContainsKey(Godwit.Types.Labels.App)
                    && configuration.At("webhooks") is JsonArray hooks
                    && hooks.Any(static h => string.IsNullOrEmpty(h.Text("clientConfig", "caBundle"))))
                {
                    return configuration.Name();
                }
            }
        }

        return null;
    }

    private static async Task<string?> ReadAsync(ApiClient api, CancellationToken ct)
    {
        await api.GetRawAsync("/readyz", "*/*", ct);
        return null;
    }

    /// <summary>An API server that does not answer may be on its way up, again too: that is something to wait for.</summary>
    private Func<CancellationToken, Task<string?>> Tolerant(string process, Func<CancellationToken, Task<string?>> lacking) => async token =>
    {
        try
        {
            return await lacking(token);
        }
        catch (ApiException e)
        {
            return Explain(process, e.Message);
        }
    };

    /// <summary>What is lacking, and that the process behind it keeps dying if it does.</summary>
    private string Explain(string process, string lacking) =>
        state.ReadProcess(process) is { Restarts: > 0 } record
            ? $"{lacking}; {process} was started {record.Restarts + 1} times, last {record.LastExit}: {LastLine(process)}"
            : lacking;

    private string LastLine(string process)
    {
        try
        {
            var line = File.ReadLines(state.LogOf(process)).LastOrDefault(static l => l.Trim().Length > 0)?.Trim() ?? "its log is empty";
            return line.Length > LongestLine ? line[..LongestLine] + "…" : line;
        }
        catch (IOException)
        {
            return "it has no log";
        }
    }
}

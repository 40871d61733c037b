using System.Globalization;
using Godwit.Cli.Api;
using Godwit.Cli.Output;
using Godwit.Machinery;

namespace Godwit.Cli.Host;

/// <summary>Takes the power from a node of the local cluster, as a power cut does, and gives it back.</summary>
public sealed class NodeSwitch(StateFolder state, TimeProvider clock)
{
    private const string Namespaces = "/run/netns";
    private static readonly ResourceKind Lease = new("coordination.k8s.io", "v1", "leases", "Lease", Namespaced: true);

    /// <summary>Everything on the node ends at once; nothing is told to the API. Returns when nothing of it runs.</summary>
    public async Task OffAsync(string node, TimeSpan limit, CancellationToken ct)
    {
        var settings = Find(node);
        if (state.IsOff(node))
        {
            throw new CliException($"The node {node} is off already.", $"`godwit node on {node}` gives it power again.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(state.PowerOffFile(node))!);
        await File.WriteAllTextAsync(state.PowerOffFile(node), "", ct);
        EndHandler(node);
        await new Deadline(limit, clock).UntilAsync(
            $"{node} to end",
            state.LogOf("cluster"),
            _ =>
            {
                // One that was being started in the very moment has not seen the switch.
                EndHandler(node);
                return Task.FromResult(
                    File.Exists(Path.Combine(Namespaces, $"{settings.Name}-{node}")) ? "its network is still there"
                    : Handler(node) is { } record ? $"its virt-handler (pid {record.Pid}) still runs"
                    : null);
            },
            ct);
    }

    /// <summary>The node boots. Returns when its kubelet has reported it Ready and its agent has been started.</summary>
    public async Task OnAsync(string node, TimeSpan limit, CancellationToken ct)
    {
        var settings = Find(node);
        if (!state.IsOff(node))
        {
            throw new CliException($"The node {node} is not off.", "See `godwit status`.");
        }

        var switched = clock.GetUtcNow();
        File.Delete(state.PowerOffFile(node));
        using var api = ClusterAccess.Open(state);
        await new Deadline(limit, clock).UntilAsync(
            $"{node} to boot",
            state.LogOf("cluster"),
            async token =>
            {
                try
                {
                    var lease = await api.TryGetAsync(Lease, new("kube-node-lease", node), token);
                    return !DateTimeOffset.TryParse(lease.Text("spec", "renewTime"), CultureInfo.InvariantCulture, out var renewed) || renewed < switched
                        ? "its kubelet has not reported"
                        : await api.TryGetAsync(Resources.Node, NamespacedName.Cluster(node), token) is not { } now || !Lookups.HasCondition(now, "Ready")
                            ? "it is not Ready"
                            : settings.Bare || Handler(node) is not null ? null : "its virt-handler does not run";
                }
                catch (ApiException e)
                {
                    return e.Message;
                }
            },
            ct);
    }

    private ClusterSettings Find(string node)
    {
        if (state.ReadSettings() is not { } settings || !StateLock.IsHeld(state))
        {
            throw new CliException(
                $"No cluster runs in {state.Root}, so there is no node to switch.", "Start one with `godwit up`; nodes of other clusters have their own switches.");
        }

        return settings.Nodes.Contains(node, StringComparer.Ordinal)
            ? settings
            : throw new CliException($"The cluster \"{settings.Name}\" has no node {node}.", Suggestions.For(node, [.. settings.Nodes], "node"));
    }

    private ProcessRecord? Handler(string node) =>
        state.ReadProcess(Supervisor.HandlerOf(node)) is { } record && ProcessTable.IsAlive(record) ? record : null;

    /// <summary>With what it has started: each child of the supervisor leads a group of its own.</summary>
    private void EndHandler(string node)
    {
        if (Handler(node) is { } record)
        {
            _ = Native.Kill(-record.Pid, Native.SigKill);
        }
    }
}

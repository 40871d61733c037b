using System.Text.Json.Nodes;
using Godwit.Cli.Host;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Install;

/// <summary>Brings Godwit into a cluster, or a newer one over an older, and waits until it works.</summary>
public sealed class InstallRun(ApiClient api, TimeProvider clock)
{
    private readonly KindLookup _kinds = new(api);

    /// <summary>Refuses with all that is in the way; nothing has been changed then.</summary>
    public async Task CheckAsync(ManifestSet manifests, string current, bool upgrade, CancellationToken ct)
    {
        var problems = InstallChecks.Decide(await new InstallProbe(api).GatherAsync(manifests, ct), current, upgrade);
        if (problems.Count > 0)
        {
            throw new CliException(
                string.Join('\n', problems.Select(static p => p.What)),
                string.Join('\n', problems.Select(static p => p.Remedy).Append("Nothing was changed.")));
        }
    }

    /// <summary>Writes the objects, then waits for those that take a while.</summary>
    /// <param name="manifests">What to write.</param>
    /// <param name="told">Hears what became of each object.</param>
    /// <param name="limit">How long to wait for all of them together.</param>
    /// <param name="ct">Stops waiting; what is written stays.</param>
    /// <exception cref="CliException">The time is up; it says what is not ready and why.</exception>
    public async Task ApplyAsync(ManifestSet manifests, Action<JsonObject, ManifestOutcome> told, TimeSpan limit, CancellationToken ct)
    {
        var deadline = new Deadline(limit, clock);
        var applier = new ManifestApplier(api, clock);
        foreach (var stage in Rollout.Stages(manifests))
        {
            await applier.ApplyAsync(stage, told, ct);
            await WaitAsync(stage.Objects.Where(static o => o.Text("kind") != Kinds.KubeVirt.Kind), deadline, ct);
        }

        await WaitAsync(manifests.Objects.Where(static o => o.Text("kind") == Kinds.KubeVirt.Kind), deadline, ct);
        await deadline.UntilAsync("virt-handler", "'kubectl get nodes --show-labels' and the logs of virt-handler", NodesLackingAsync, ct);
    }

    private async Task WaitAsync(IEnumerable<JsonObject> objects, Deadline deadline, CancellationToken ct)
    {
        foreach (var @object in objects.Where(Rollout.IsAwaited))
        {
            var kind = await _kinds.FindAsync(@object.Text("apiVersion")!, @object.Text("kind")!, ct)
                ?? throw new CliException($"The API server no longer serves {@object.Text("apiVersion")} {@object.Text("kind")}.");
            await deadline.UntilAsync(
                $"{kind.Kind} {@object.Name()}", $"'kubectl describe {kind.Plural} -n {Installation.Namespace} {@object.Name()}'", token => LackingAsync(kind, @object.Key(), token), ct);
        }
    }

    private async Task<string?> LackingAsync(ResourceKind kind, NamespacedName name, CancellationToken ct)
    {
        var @object = await api.TryGetAsync(kind, name, ct);
        if (@object is null)
        {
            return "it is gone again";
        }

        @object["kind"] = kind.Kind;
        IReadOnlyList<JsonObject> pods = kind.Kind is "Deployment" or "DaemonSet" ? (await api.ListAsync(Kinds.Pod, name.Namespace, ct: ct)).Items : [];
        return Rollout.Lacking(@object, pods);
    }

    private async Task<string?> NodesLackingAsync(CancellationToken ct)
    {
        var nodes = (await api.ListAsync(Kinds.Node, ct: ct)).Items;
        return nodes.Any(static n => n.Labels().GetValueOrDefault(Labels.Schedulable) == "true")
            ? null
            : $"none of {nodes.Count} nodes can run virtual machines yet (label {Labels.Schedulable})";
    }
}

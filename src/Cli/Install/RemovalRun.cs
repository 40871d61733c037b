using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Cli.Host;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Install;

/// <summary>Takes Godwit out of a cluster.</summary>
public sealed class RemovalRun(ApiClient api, TimeProvider clock)
{
    private static readonly ResourceKind[] Machines =
        [Kinds.VirtualMachine, Kinds.VirtualMachineInstanceReplicaSet, Kinds.VirtualMachineInstanceMigration, Kinds.VirtualMachineInstance];

    private readonly KindLookup _kinds = new(api);

    /// <summary>Looks at what is there.</summary>
    public async Task<RemovalFacts> GatherAsync(ManifestSet manifests, CancellationToken ct)
    {
        var installed = await api.TryGetAsync(Resources.Definition, NamespacedName.Cluster($"{Kinds.KubeVirt.Plural}.{Kinds.KubeVirt.Group}"), ct) is not null;
        var asPods = false;
        foreach (var workload in manifests.Objects.Where(static o => o.Text("kind") is "Deployment" or "DaemonSet"))
        {
            asPods |= await _kinds.FindAsync(workload.Text("apiVersion")!, workload.Text("kind")!, ct) is { } kind
                && await api.TryGetAsync(kind, workload.Key(), ct) is not null;
        }

        return new RemovalFacts { Installed = installed, AsPods = asPods, VirtualMachines = installed ? await MachinesAsync(ct) : [] };
    }

    /// <summary>Removes all of it, and waits until it is gone.</summary>
    /// <param name="manifests">What was installed.</param>
    /// <param name="fate">What becomes of virtual machines.</param>
    /// <param name="told">Hears of each object that is gone.</param>
    /// <param name="limit">How long to wait altogether.</param>
    /// <param name="ct">Stops in between; what is gone is gone.</param>
    public async Task RunAsync(ManifestSet manifests, VirtualMachinesFate fate, Action<string> told, TimeSpan limit, CancellationToken ct)
    {
        var deadline = new Deadline(limit, clock);
        if (fate == VirtualMachinesFate.Delete)
        {
            await EndMachinesAsync(deadline, ct);
        }

        foreach (var @object in manifests.Objects.Where(o => !RemovalChecks.Stays(o.Text("kind"), fate)).OrderBy(static o => RemovalChecks.Order(o.Text("kind"))))
        {
            if (await _kinds.FindAsync(@object.Text("apiVersion")!, @object.Text("kind")!, ct) is not { } kind
                || !await api.TryDeleteAsync(kind, @object.Key(), new DeleteOptions { PropagationPolicy = "Foreground" }, ct))
            {
                continue;
            }

            await deadline.UntilAsync(
                $"{kind.Kind} {@object.Name()} to go",
                $"'kubectl get {kind.Plural} {@object.Name()} -o yaml': its finalizers say who holds it",
                async token => await api.TryGetAsync(kind, @object.Key(), token) is null ? null : "it is still there",
                ct);
            told($"{kind.Plural}/{@object.Name()}");
        }

        if (fate != VirtualMachinesFate.Keep)
        {
            await ForgetNodesAsync(ct);
        }
    }

    private async Task<List<string>> MachinesAsync(CancellationToken ct)
    {
        var found = new List<string>();
        foreach (var (kind, word) in new[] { (Kinds.VirtualMachine, "vm"), (Kinds.VirtualMachineInstanceReplicaSet, "vmirs"), (Kinds.VirtualMachineInstance, "vmi") })
        {
            found.AddRange((await api.ListAsync(kind, ct: ct)).Items.Select(o => $"{word} {o.Key()}"));
        }

        return found;
    }

    /// <summary>While Godwit still works, for it is Godwit that ends them.</summary>
    private async Task EndMachinesAsync(Deadline deadline, CancellationToken ct)
    {
        foreach (var kind in Machines)
        {
            foreach (var @object in (await api.ListAsync(kind, ct: ct)).Items)
            {
                await api.TryDeleteAsync(kind, @object.Key(), ct: ct);
            }
        }

        await deadline.UntilAsync(
            "the virtual machines to end",
            "'kubectl get vmi -A'",
            async token => await MachinesAsync(token) is { Count: > 0 } left ? $"{left.Count} are left, {left[0]} among them" : null,
            ct);
    }

    private async Task ForgetNodesAsync(CancellationToken ct)
    {
        foreach (var node in (await api.ListAsync(Kinds.Node, ct: ct)).Items)
        {
            var metadata = new JsonObject
            {
                ["labels"] = Nothing(node.Labels().Keys),
                ["annotations"] = Nothing(node.Annotations().Keys),
            };
            await api.PatchAsync(Kinds.Node, node.Key(), PatchKind.Merge, new JsonObject { ["metadata"] = metadata }, ct: ct);
        }

        static JsonObject Nothing(IEnumerable<string> keys) => new(keys.Where(RemovalChecks.IsOurs).Select(static k => KeyValuePair.Create(k, (JsonNode?)null)));
    }
}

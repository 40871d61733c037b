using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Simulation.Api;
using Godwit.Simulation.Nodes;
using Godwit.Simulation.Qemu;
using Godwit.Simulation.Scripts;
using Godwit.Types;

namespace Godwit.Simulation;

// What the script does to the world.
internal sealed partial class World
{
    private readonly Dictionary<string, List<(Step Step, int[] Left)>> _waiting = new(StringComparer.Ordinal);
    private int _requests;

    /// <summary>Something happened that a step may wait for.</summary>
    public void Happened(string what, Machine machine) => Happened(what, machine.Guest.Name);

    private void Happened(string what, string vmi)
    {
        foreach (var (step, left) in _waiting.GetValueOrDefault(what, []))
        {
            if (Clock.Seconds >= step.From && --left[0] == 0)
            {
                Clock.After(step.At, () => Do(step, vmi));
            }
        }
    }

    private void Load()
    {
        foreach (var step in _script.Steps)
        {
            if (step.When is null)
            {
                Clock.After(step.At, () => Do(step, vmi: null));
                continue;
            }

            if (!_waiting.TryGetValue(step.When, out var steps))
            {
                _waiting[step.When] = steps = [];
            }

            steps.Add((step, [Math.Max(1, step.Nth)]));
        }
    }

    private void Do(Step step, string? vmi)
    {
        if (_settling)
        {
            return;
        }

        Trace($"STEP {step}");
        var name = new NamespacedName("default", step.Who is "source" or "target" or null ? vmi ?? "" : step.Who);
        switch (step.Do)
        {
            case Verbs.Create:
                CreateVmi(name);
                break;
            case Verbs.Delete:
                Server.Delete(Kinds.VirtualMachineInstance, name);
                break;
            case Verbs.ShutDown:
                _guests.Values.Where(guest => guest.Name == name.Name).SelectMany(guest => guest.Copies).FirstOrDefault(copy => copy.IsRunning)?.PowerDown(0.1);
                break;
            case Verbs.Migrate:
                CreateMigration(name);
                break;
            case Verbs.Cancel:
                CancelMigration(name.Name);
                break;
            case Verbs.Drain or Verbs.Undrain:
                Taint(step.Who!, step.Do == Verbs.Drain);
                break;
            case Verbs.Stall:
                NoteFault(step.For);
                Network.Stall(TimeSpan.FromSeconds(step.For));
                break;
            case Verbs.Cut:
                NoteFault(0);
                Network.Cut();
                break;
            case Verbs.Compact:
                foreach (var collection in Server.Collections)
                {
                    collection.Compact(0);
                }

                break;
            case Verbs.Link:
                Disturb(step, vmi);
                break;
            case Verbs.KillController or Verbs.OverlapControllers:
                ReplaceController(step);
                break;
            default:
                DoToNode(step, vmi);
                break;
        }
    }

    private void DoToNode(Step step, string? vmi)
    {
        if (step.Do == Verbs.KillQemu)
        {
            NoteFault(0);
            Side(step.Who!, vmi)?.Launcher?.KillMachine();
            return;
        }

        if ((Nodes.Find(node => node.Name == step.Who) ?? Side(step.Who!, vmi)?.Node) is not { } node)
        {
            return;
        }

        NoteFault(step.For + 3);
        switch (step.Do)
        {
            case Verbs.KillAgent:
                node.KillAgent();
                Clock.After(step.For, node.StartAgent);
                break;
            case Verbs.StopAgent:
                node.Agent?.Stop();
                Clock.After(step.For + 2.1, () =>
                {
                    node.KillAgent();
                    node.StartAgent();
                });
                break;
            case Verbs.PowerOff:
                node.PowerOff();
                Clock.After(step.For, node.PowerOn);
                break;
            default:
                throw new InvalidOperationException($"the script has an unknown step: {step.Do}");
        }
    }

    private void ReplaceController(Step step)
    {
        NoteFault(step.For, ofApi: true);
        var old = Controller!;
        if (step.Do == Verbs.OverlapControllers)
        {
            // The old one has lost its lease without having heard of it yet.
            StartController();
            Clock.After(step.For, old.Kill);
            return;
        }

        old.Kill();
        Clock.After(step.For, () =>
        {
            if (!Controller!.IsAlive)
            {
                StartController();
            }
        });
    }

    private void Disturb(Step step, string? vmi)
    {
        NoteFault(step.For, ofApi: true);
        var links = step.Who switch
        {
            "all" => Nodes.Select(node => node.Link).Append(_controllerLink),
            "controller" => [_controllerLink],
            "source" or "target" => Side(step.Who, vmi) is { Node: { } node } ? [node.Link] : [],
            _ => Nodes.Where(node => node.Name == step.Who).Select(node => node.Link),
        };
        foreach (var link in links.ToList())
        {
            link.Put(step.Fault!.Value, TimeSpan.FromSeconds(step.For));
            if (step.Fault == LinkFault.Refused)
            {
                foreach (var collection in Server.Collections)
                {
                    foreach (var watcher in collection.Watchers.Where(watcher => watcher.Client.Link == link).ToList())
                    {
                        collection.Watchers.Remove(watcher);
                        watcher.End(broken: true);
                    }
                }
            }
        }
    }

    /// <summary>Where the source or the target of the VMI's migration is; without a migration at hand, of any that runs.</summary>
    private (SimulatedNode Node, SimulatedLauncher? Launcher)? Side(string side, string? vmi)
    {
        vmi ??= Network.Hops.Count > 0 ? Network.Hops.Select(hop => hop.Source.Guest.Name).Order(StringComparer.Ordinal).First() : null;
        var record = vmi is null ? null : Server.Get(Kinds.VirtualMachineInstance, new NamespacedName("default", vmi))?.Document;
        var pod = record.At("status", "migrationState").Text(side == "target" ? "targetPodUID" : "sourcePodUID") ?? record.Text("status", "ownerPodUID");
        foreach (var node in Nodes)
        {
            if (pod is not null && node.Launchers.TryGetValue(pod, out var launcher))
            {
                return (node, launcher);
            }
        }

        return null;
    }

    private void CreateVmi(NamespacedName name)
    {
        if (Server.Get(Kinds.VirtualMachineInstance, name) is not null)
        {
            return;
        }

        var memory = 256 << Choose(4);
        var vmi = Defaults.ForCreate(
            new VirtualMachineInstance
            {
                ApiVersion = Kinds.VirtualMachineInstance.ApiVersion,
                Kind = Kinds.VirtualMachineInstance.Kind,
                Metadata = new ObjectMeta { Name = name.Name, Namespace = name.Namespace },
                Spec = new VirtualMachineInstanceSpec
                {
                    EvictionStrategy = EvictionStrategies.LiveMigrate,
                    Domain = new DomainSpec
                    {
                        Memory = new MemorySpec { Guest = $"{memory}Mi" },
                        Devices = new DevicesSpec { AutoattachPodInterface = false },
                    },
                },
            },
            ClusterConfiguration.Default,
            Clock.UtcNow);
        Server.Create(Kinds.VirtualMachineInstance, Json.Document(vmi, TypesJson.Default.VirtualMachineInstance));
    }

    private void CreateMigration(NamespacedName vmi)
    {
        // As admission has it: one at a time.
        if (Server.Get(Kinds.VirtualMachineInstance, vmi) is null || MigrationsOf(vmi.Name).Any(static migration => !IsFinal(migration)))
        {
            return;
        }

        var migration = Defaults.ForCreate(new VirtualMachineInstanceMigration
        {
            ApiVersion = Kinds.VirtualMachineInstanceMigration.ApiVersion,
            Kind = Kinds.VirtualMachineInstanceMigration.Kind,
            Metadata = new ObjectMeta { Name = $"{vmi.Name}-{++_requests}", Namespace = vmi.Namespace },
            Spec = new VirtualMachineInstanceMigrationSpec { VmiName = vmi.Name },
        });
        Server.Create(Kinds.VirtualMachineInstanceMigration, Json.Document(migration, TypesJson.Default.VirtualMachineInstanceMigration));
    }

    private void CancelMigration(string vmi)
    {
        foreach (var migration in MigrationsOf(vmi).Where(static migration => !IsFinal(migration)).ToList())
        {
            Server.Delete(Kinds.VirtualMachineInstanceMigration, migration.Key());
        }
    }

    private IEnumerable<JsonObject> MigrationsOf(string vmi) => Server.Of(Kinds.VirtualMachineInstanceMigration).Objects.Values
        .Select(static stored => stored.Document)
        .Where(migration => migration.Text("spec", "vmiName") == vmi);

    private static bool IsFinal(JsonObject migration) => migration.Text("status", "phase") is MigrationPhases.Succeeded or MigrationPhases.Failed;

    private void Taint(string node, bool drain) => Server.Change(Kinds.Node, NamespacedName.Cluster(node), document =>
        document.Ensure("spec")["taints"] = drain ? new JsonArray(new JsonObject { ["key"] = Taints.Drain, ["effect"] = Taints.NoSchedule }) : new JsonArray());
}

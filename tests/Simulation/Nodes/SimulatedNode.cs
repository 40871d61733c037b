using System.Net.Sockets;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Simulation.Api;
using Godwit.Types;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Network;
using Godwit.VirtHandler.Node;

namespace Godwit.Simulation.Nodes;

/// <summary>A node: its kubelet, the launcher pods on it, and its agent, which is the real one.</summary>
internal sealed class SimulatedNode : IPodLocator, IPodNetwork, IHostTools
{
    private static readonly QemuCapabilities Capabilities = new(new QemuVersion(10, 0, 2, ""), ["pc-q35-10.0"], ["Nehalem", "Westmere"]);
    private readonly World _world;
    private readonly Link _link;
    private int _starts;

    public SimulatedNode(World world, string name)
    {
        _world = world;
        Name = name;
        _link = new Link(world.Clock, world.RandomFor($"link {name}"));
        Root = System.IO.Path.Combine(world.Folder, name);
        var labels = NodeLabels.Patch(null, Capabilities, world.Clock.UtcNow);
        var document = (JsonObject)labels.DeepClone();
        document["apiVersion"] = "v1";
        document["kind"] = "Node";
        var metadata = document.Ensure("metadata");
        metadata["name"] = name;
        if (!world.Plan.Heartbeats)
        {
            metadata.Remove("annotations");
        }

        metadata.Ensure("labels")[Labels.Hostname] = name;
        metadata.Ensure("labels")[Labels.Arch] = Defaults.Architecture;
        world.Server.Create(Kinds.Node, document);
        world.Server.Change(Kinds.Node, NamespacedName.Cluster(name), node => node["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
            ["allocatable"] = new JsonObject { ["cpu"] = "64", ["memory"] = "256Gi", ["pods"] = "110" },
        });
    }

    public string Name { get; }

    public string Root { get; }

    public Link Link => _link;

    public bool IsUp { get; private set; } = true;

    public Process? Agent { get; private set; }

    /// <summary>Launcher pods by UID.</summary>
    public Dictionary<string, SimulatedLauncher> Launchers { get; } = new(StringComparer.Ordinal);

    public void StartAgent()
    {
        if (!IsUp || Agent is { IsAlive: true })
        {
            return;
        }

        var process = Agent = new Process(_world, $"agent {Name} #{++_starts}", _link);
        var options = new VirtHandlerOptions { Node = Name, KubeletRoot = Root, HeartbeatPeriod = TimeSpan.FromMinutes(3.9) };
        var events = new EventRecorder(process.Api, "virt-handler", _world.Loggers.CreateLogger(process.Name), process.Clock, Name);
        var monitors = new QmpClientOptions { Time = process.Clock, Connect = (folder, socket, ct) => ConnectAsync(process, folder, socket, ct) };
        var accelerator = new AcceleratorInfo { Name = AcceleratorInfo.Tcg, Reason = "simulated", Qemu = new QemuVersionText(10, 0, 2, ""), Key = "" };
        var facts = new NodeFacts(Name, "qemu-system-x86_64", accelerator, Capabilities);
        var edges = new NodeEdges(this, this, this, monitors) { Rules = _world.Breaks.Rules };
        var loggers = _world.LoggersOf(process.Name);
        var logger = loggers.CreateLogger("agent");
        Func<CancellationToken, Task>[] others = _world.Plan.Heartbeats
            ? [new Heartbeat(process.Api, options, Capabilities, logger, process.Clock).RunAsync]
            : [];
        process.Run(ct => GuestWork.RunAsync(options, process.Api, events, facts, edges, loggers, process.Clock, ct, others));
    }

    public void KillAgent()
    {
        if (Agent is not { IsAlive: true } agent)
        {
            return;
        }

        agent.Kill();
        foreach (var port in Launchers.Values.Select(launcher => launcher.Machine).OfType<Qemu.Machine>().SelectMany(machine => machine.Ports))
        {
            port.DropDead();
        }
    }

    /// <summary>The power fails: everything on the node ends at once.</summary>
    public void PowerOff()
    {
        if (!IsUp)
        {
            return;
        }

        IsUp = false;
        KillAgent();
        foreach (var launcher in Launchers.Values)
        {
            launcher.PowerOff();
        }
    }

    public void PowerOn()
    {
        if (IsUp)
        {
            return;
        }

        IsUp = true;
        foreach (var launcher in Launchers.Values.ToArray())
        {
            _world.Clock.After(_world.Between(0.5, 3), launcher.FoundDead);
        }

        _world.Clock.After(_world.Between(0.5, 5), StartAgent);
    }

    /// <summary>The kubelet sees that a pod was bound to this node.</summary>
    public void Take(Stored pod) => _world.Clock.After(_world.Between(0.1, 1.5), () =>
    {
        var key = pod.Document.Key();
        if (!IsUp)
        {
            _world.Clock.After(5, () => Take(pod));
        }
        else if (_world.Server.Get(Kinds.Pod, key) is not { } now || now.Document.Uid() != pod.Document.Uid())
        {
            // Deleted before it was begun.
        }
        else if (now.Document.Text("metadata", "deletionTimestamp") is not null)
        {
            _world.Server.Delete(Kinds.Pod, key, grace: 0);
        }
        else if (!Launchers.ContainsKey(now.Document.Uid()))
        {
            Launchers[now.Document.Uid()] = new SimulatedLauncher(_world, this, now);
        }
    });

    /// <summary>No guest here has a disk out of an image.</summary>
    public Task<int?> FindContainerDiskAsync(string podUid, string volume, CancellationToken cancellationToken) => Task.FromResult<int?>(null);

    public Task<int?> FindLauncherAsync(string podUid, CancellationToken cancellationToken) =>
        Task.FromResult<int?>(Launchers.TryGetValue(podUid, out var launcher) && launcher.IsAlive ? launcher.Pid : null);

    public Task<PodNetworkFacts> ReadFactsAsync(int pid, CancellationToken cancellationToken) =>
        Task.FromResult(new PodNetworkFacts([], Launchers.Values.FirstOrDefault(launcher => launcher.Pid == pid)?.Address, [], HasRules: true, HasDhcp: true));

    public Task WireAsync(int pid, PodWiring wiring, string podFolder, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task AllowMigrationAsync(int pid, string sourceIp, IReadOnlyList<int> ports, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task RevokeMigrationAsync(int pid, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The only program that the simulated guests need is the test of a connection.</summary>
    public async Task<HostToolResult> RunAsync(string program, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken)
    {
        var stalled = _world.Network.IsStalled;
        await Task.Delay(TimeSpan.FromSeconds(stalled ? 3 : 0.01), Agent!.Clock, cancellationToken);
        return new HostToolResult(stalled ? 124 : 0, "", "");
    }

    private async Task<Stream> ConnectAsync(Process process, string folder, string socket, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(0.2), process.Clock, cancellationToken);
        var launcher = Launchers.Values.FirstOrDefault(launcher => launcher.Folder == folder);
        return launcher switch
        {
            { Machine: { IsAlive: true } machine } => machine.Port(socket).Connect(() => process.IsAlive),
            { HadMachine: true } => throw new SocketException((int)SocketError.ConnectionRefused),
            _ => throw new SocketException((int)SocketError.AddressNotAvailable),
        };
    }
}

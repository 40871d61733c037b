using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Simulation.Api;
using Godwit.Simulation.Nodes;
using Godwit.Simulation.Qemu;
using Godwit.Simulation.Scripts;
using Godwit.Simulation.Time;
using Godwit.Types;
using Godwit.VirtHandler.Host;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Simulation;

/// <summary>One cluster in virtual time: the API server, nodes, machines, and the real controllers and agents at work on them.</summary>
internal sealed partial class World : IDisposable
{
    private readonly Trace _trace;
    private readonly Random _random;
    private readonly Script _script;
    private readonly Scheduler _scheduler;
    private readonly Dictionary<string, Guest> _guests = new(StringComparer.Ordinal);
    private readonly Link _controllerLink;
    private int _places;
    private int _controllers;

    /// <param name="script">What is done.</param>
    /// <param name="breaks">What is broken on purpose.</param>
    /// <param name="keepTrace">The lines of the trace are wanted.</param>
    /// <param name="measures">It is looked at what the components remember in the end.</param>
    public World(Script script, Breaks breaks, bool keepTrace, bool measures = false)
    {
        _measures = measures;
        _script = script;
        Breaks = breaks;
        KeepsTrace = keepTrace;
        _trace = new Trace(keepTrace);
        _random = RandomFor("world");
        Folder = Directory.CreateTempSubdirectory("simulation-").FullName;
        Server = new Server(Clock);
        Network = new SimulatedNetwork(Clock);
        _scheduler = new Scheduler(this);
        _controllerLink = new Link(Clock, RandomFor("link controller"));
        Server.Written = (verb, resource, key) =>
        {
            // Events carry a name by chance, and nothing depends on them.
            if (resource != "events")
            {
                Trace($"api {verb} {resource} {key}");
            }
        };
        Server.Changed = Follow;
        Server.Create(Kinds.Namespace, Parse("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"default\"}}"));
        Server.Create(Kinds.KubeVirt, Settings());
        for (var i = 1; i <= Plan.Nodes; i++)
        {
            Nodes.Add(new SimulatedNode(this, $"n{i}"));
        }
    }

    public VirtualClock Clock { get; } = new();

    public Server Server { get; }

    public SimulatedNetwork Network { get; }

    public List<SimulatedNode> Nodes { get; } = [];

    public Setting Plan => _script.Setting;

    public Breaks Breaks { get; }

    public bool KeepsTrace { get; }

    public string Folder { get; }

    public double Bandwidth => Plan.Bandwidth;

    public double Stubborn => Plan.Stubborn;

    public Process? Controller { get; private set; }

    /// <summary>All that were ever started.</summary>
    public List<Process> Processes { get; } = [];

    /// <summary>The first promise that was broken; null while all hold.</summary>
    public string? Violation { get; private set; }

    public double ViolatedAt { get; private set; }

    public string Hash => _trace.Hash;

    public IReadOnlyList<string> Lines => _trace.Lines;

    public ILoggerFactory Loggers => LoggersOf("");

    public ILoggerFactory LoggersOf(string process) => KeepsTrace ? new TraceLoggers(this, process) : NullLoggerFactory.Instance;

    public void Dispose()
    {
        foreach (var node in Nodes)
        {
            node.KillAgent();
        }

        Controller?.Kill();
        foreach (var process in Processes)
        {
            process.Dispose();
        }

        Clock.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Chance of its own for each part, so that what one draws does not change what another gets.</summary>
    public Random RandomFor(string part)
    {
        var hash = _script.Seed ^ 14695981039346656037;
        foreach (var character in part)
        {
            hash = (hash ^ character) * 1099511628211;
        }

        return new Random((int)(hash ^ (hash >> 32)));
    }

    public TimeSpan Between(double from, double to) => TimeSpan.FromSeconds(from + (_random.NextDouble() * (to - from)));

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public int Choose(int count) => _random.Next(count);

    /// <summary>The next free pid and address.</summary>
    public (int Pid, string Address) NextPlace()
    {
        var place = ++_places;
        return (2_000_000_000 + (place * 10), $"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}");
    }

    public void Trace(string what) => _trace.Add(Clock.Seconds, what);

    public void Say(string what) => _trace.Say(Clock.Seconds, what);

    public void Violate(string what)
    {
        if (Violation is null)
        {
            Violation = what;
            ViolatedAt = Clock.Seconds;
            Trace($"VIOLATION {what}");
        }
    }

    public void StartController()
    {
        var process = Controller = new Process(this, $"controller #{++_controllers}", _controllerLink);
        var options = new VirtController.VirtControllerOptions { LauncherImage = "launcher", Identity = process.Name };
        process.Run(ct => VirtController.VirtControllers.WorkAsync(options, process.Api, LoggersOf(process.Name), process.Clock, ct));
    }

    /// <summary>The guest of a VMI; null when the VMI is not there.</summary>
    public Guest? GuestOf(NamespacedName pod)
    {
        if (Server.Get(Kinds.Pod, pod) is not { } stored || Json.Read(stored, TypesJson.Default.Pod) is not { } launcher
            || launcher.Metadata.OwnerReferences?[0] is not { Uid: { } uid, Name: { } name })
        {
            return null;
        }

        if (!_guests.TryGetValue(uid, out var guest))
        {
            _guests[uid] = guest = new Guest(this, uid, name);
        }

        return guest;
    }

    /// <summary>Its user has deleted the VMI, or it has come to its end: nobody wants its guest to live on.</summary>
    public bool IsUnwanted(Guest guest) => VmiOf(guest) is not { } vmi || vmi.Text("metadata", "deletionTimestamp") is not null
        || vmi.Text("status", "phase") is VmiPhases.Succeeded or VmiPhases.Failed;

    /// <summary>The record names this copy, and it may have run: if it is killed its guest is lost, and rightly so.</summary>
    public bool MayHaveRun(Guest guest, Machine copy) => VmiOf(guest).Text("status", "ownerPodUID") is { } owner && owner == copy.PodUid
        && (!copy.Incoming || Nodes.Exists(node => File.Exists(System.IO.Path.Combine(new PodPlace(node.Root, copy.PodUid).Folder, DomainFolder.Released))));

    private JsonObject? VmiOf(Guest guest) =>
        Server.Get(Kinds.VirtualMachineInstance, new NamespacedName("default", guest.Name)) is { } stored && stored.Document.Uid() == guest.VmiUid
            ? stored.Document
            : null;

    private JsonObject Settings() => new()
    {
        ["apiVersion"] = Kinds.KubeVirt.ApiVersion,
        ["kind"] = Kinds.KubeVirt.Kind,
        ["metadata"] = new JsonObject { ["name"] = Installation.KubeVirtName, ["namespace"] = Installation.Namespace },
        ["spec"] = new JsonObject
        {
            ["configuration"] = new JsonObject
            {
                ["migrations"] = new JsonObject
                {
                    ["parallelMigrationsPerCluster"] = Plan.PerCluster,
                    ["parallelOutboundMigrationsPerNode"] = Plan.PerNode,
                    ["parallelInboundMigrationsPerNode"] = Plan.Inbound,
                    ["completionTimeoutPerGiB"] = Plan.CompletionPerGiB,
                    ["allowPostCopy"] = Plan.PostCopy,
                    ["allowWorkloadDisruption"] = Plan.Disruption || Plan.PostCopy,
                    ["disableTLS"] = !Plan.Tls,
                },
            },
        },
    };

    private static JsonObject Parse(string text) => (JsonObject)JsonNode.Parse(text)!;
}

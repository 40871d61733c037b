using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>A cluster of the bench's own, with its own folder, name, ports and networks.</summary>
internal sealed partial class TestCluster(BenchOptions options) : IAsyncDisposable
{
    private const string Name = "gperf";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _state = Path.Combine("/var/lib", $"godwit-perf-{Environment.ProcessId}");
    private ApiClient? _api;
    private bool _started;
    private List<BarePlace> _places = [];

    public ApiClient Api => _api ?? throw new InvalidOperationException("the cluster is not up");

    /// <summary>The file by which an administrator finds the cluster.</summary>
    public string Kubeconfig => Path.Combine(_state, "kubeconfig");

    public string Kernel { get; private set; } = "";

    /// <summary>How long until all nodes were Ready, by the command's own word, and until it ended: virtual machines are welcome then.</summary>
    public async Task<(TimeSpan NodesReady, TimeSpan All)> UpAsync(CancellationToken ct)
    {
        _started = true;
        var began = Stopwatch.GetTimestamp();
        var (_, notes) = await Tool.RunBothAsync(
            Path.Combine(options.Bin, "godwit"),
            ["up", "--yes", "--name", Name, "--port", "26443", "--webhook-port", "29443", "--node-cidr", "10.126.0.0/24", "--pod-cidr", "10.127.0.0/16",
             "--service-cidr", "10.125.0.0/16", "--state", _state],
            ct);
        var took = Stopwatch.GetElapsedTime(began);
        _api = ApiClient.FromKubeconfig(Kubeconfig);
        // It limits each migration to 64 MiB/s, and the bare moves beside them have no limit.
        await _api.DeleteAsync(Kinds.ConfigMap, new(Installation.Namespace, Installation.ConfigMapName), ct: ct);
        var ready = double.Parse(ReadyAfter().Match(notes).Groups["seconds"].Value, CultureInfo.InvariantCulture);
        return (TimeSpan.FromSeconds(ready), took);
    }

    public async Task ImportGuestAsync(CancellationToken ct)
    {
        var cache = Environment.GetEnvironmentVariable("GODWIT_CACHE") is { Length: > 0 } given
            ? Path.Combine(given, "demo-guest")
            : Path.Combine(options.Bin, "cache", "demo-guest");
        Directory.CreateDirectory(cache);
        await Tool.RunAsync("/bin/sh", [Path.Combine(options.Bin, "guest", "build.sh"), cache], ct);
        Kernel = cache;
        await GodwitAsync(["image", "import", Path.Combine(cache, "demo-guest.oci.tar"), "--state", _state], ct);
    }

    /// <summary>All processes of the cluster, which descend from its supervisor.</summary>
    public IReadOnlyList<HostProcessFacts> Processes() => HostProcesses.Tree(SupervisorPid());

    public int SupervisorPid() => HostProcesses.All().Single(p => p.Command.Contains($"supervise --state {_state}", StringComparison.Ordinal)).Pid;

    /// <summary>The settings of all migrations from here on.</summary>
    public Task ConfigureMigrationsAsync(JsonObject migrations, CancellationToken ct) => Api.PatchAsync(
        Kinds.KubeVirt,
        new NamespacedName(Installation.Namespace, Installation.KubeVirtName),
        PatchKind.Merge,
        new JsonObject { ["spec"] = new JsonObject { ["configuration"] = new JsonObject { ["migrations"] = migrations } } },
        ct: ct);

    /// <summary>The lines of the node's agent that hold the text, the oldest first.</summary>
    public IEnumerable<string> AgentLog(string node, string text) =>
        File.ReadLines(Path.Combine(_state, "log", $"handler-{node}.log")).Where(line => line.Contains(text, StringComparison.Ordinal));

    public static HostProcessFacts InPod(string podUid, string program) => HostProcesses.All().First(p =>
        p.Cgroup.Contains($"/{podUid}/", StringComparison.Ordinal)
        && Path.GetFileName(p.Command.Split(' ')[0]).StartsWith(program, StringComparison.Ordinal));

    /// <summary>The meeting place of agent, launcher and QEMU of one pod.</summary>
    public string DomainFolderOf(string node, string podUid) =>
        Path.Combine(_state, "nodes", node, "kubelet", "pods", podUid, "volumes", "kubernetes.io~empty-dir", "godwit");

    public Domain ReadDomain(string node, string podUid) =>
        Domain.Read(DomainFolderOf(node, podUid))
        ?? throw new InvalidOperationException($"pod {podUid} has no domain");

    public Task<VirtualMachineInstance> CreateGuestAsync(CancellationToken ct) => CreateGuestAsync("demo", static _ => { }, ct);

    /// <summary>The demo guest under a name of its own and with some changes, once it runs.</summary>
    public async Task<VirtualMachineInstance> CreateGuestAsync(string name, Action<JsonObject> change, CancellationToken ct)
    {
        var manifest = Yaml.ParseObjects(await File.ReadAllTextAsync(Path.Combine(options.Bin, "examples", "vmi-demo.yaml"), ct))[0];
        manifest["metadata"]!["name"] = name;
        change(manifest);
        await Api.CreateAsync(Kinds.VirtualMachineInstance, WithNamespace(manifest), ct: ct);
        return await WatchAsync(
            Kinds.VirtualMachineInstance, TypesJson.Default.VirtualMachineInstance, name, vmi => vmi.Status?.Phase == "Running", ct);
    }

    /// <summary>Waits until the object is as wanted, seeing each of its versions as it comes.</summary>
    public async Task<T> WatchAsync<T>(
        ResourceKind kind, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string name, Func<T, bool> done, CancellationToken ct, TimeSpan? deadline = null)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(deadline ?? Patience);
        var watch = new WatchOptions { FieldSelector = $"metadata.name={name}" };
        while (true)
        {
            await foreach (var seen in Api.WatchAsync(kind, "default", type, watch, patience.Token))
            {
                if (seen.Object is { } now && done(now))
                {
                    return now;
                }
            }
        }
    }

    public async Task<VirtualMachineInstance> GuestAsync(CancellationToken ct, string name = "demo") =>
        await Api.GetAsync(Kinds.VirtualMachineInstance, new NamespacedName("default", name), TypesJson.Default.VirtualMachineInstance, ct: ct);

    /// <summary>The pods of guests that have not ended.</summary>
    public async Task<IReadOnlyList<Pod>> LaunchersAsync(CancellationToken ct)
    {
        var launchers = new ListOptions { LabelSelector = $"{Labels.App}={Labels.AppVirtLauncher}" };
        return [.. (await Api.ListAsync(Kinds.Pod, "default", TypesJson.Default.Pod, launchers, ct)).Items.Where(static pod => !pod.IsFinished())];
    }

    /// <summary>The networks of two pods, one on each node, that do nothing else; made when they are asked for first, of a running guest's image.</summary>
    public async Task<IReadOnlyList<BarePlace>> PlacesAsync(CancellationToken ct)
    {
        if (_places.Count == 0)
        {
            var image = (await LaunchersAsync(ct))[0].Spec!.Containers![0].Image!;
            _places = [await PlaceAsync("node01", image, ct), await PlaceAsync("node02", image, ct)];
        }

        return _places;
    }

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        if (_started && !options.Keep)
        {
            await GodwitAsync(["down", "--state", _state], CancellationToken.None);
        }
    }

    [GeneratedRegex(@"Ready after (?<seconds>[0-9.]+) s", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ReadyAfter();

    private async Task<BarePlace> PlaceAsync(string node, string image, CancellationToken ct)
    {
        var name = $"place-{node}";
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
            ["spec"] = new JsonObject
            {
                ["nodeName"] = node,
                ["terminationGracePeriodSeconds"] = 0,
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "place", ["image"] = image, ["command"] = new JsonArray("sleep", "infinity") }),
            },
        };
        await Api.CreateAsync(Kinds.Pod, pod, ct: ct);
        var running = await WatchAsync(Kinds.Pod, TypesJson.Default.Pod, name, static p => p.Status is { Phase: "Running", PodIP.Length: > 0 }, ct);
        return new BarePlace($"{Name}-pod-{running.Metadata.Uid![..8]}", running.Status!.PodIP!);
    }

    private static JsonObject WithNamespace(JsonObject manifest)
    {
        manifest["metadata"]!["namespace"] = "default";
        return manifest;
    }

    private Task<string> GodwitAsync(string[] arguments, CancellationToken ct) => Tool.RunAsync(Path.Combine(options.Bin, "godwit"), arguments, ct);
}

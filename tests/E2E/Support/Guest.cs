using System.Text;
using System.Text.Json.Nodes;
using Godwit.Cli;
using Godwit.Cli.Api;
using Godwit.Cli.Demo;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;

namespace Godwit.Tests.E2E.Support;

/// <summary>A demo guest in a namespace of its own, watched by its console from birth to the end of the test.</summary>
internal sealed class Guest : IAsyncDisposable
{
    /// <summary>
    /// How the kernels of guests boot here. An emulated one measures its clock's frequency while others have the processor, and may find a
    /// fifth of it (seen: 527 of 2,596 MHz): its clock is five times too fast then, and what it calls a lockup of 20 seconds lasted four.
    /// </summary>
    public const string Boot = "console=ttyS0 quiet no_timer_check watchdog_thresh=60";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly TestCluster _cluster;
    private readonly ObjectFollower _follower;
    private readonly ConsoleCollector _console;
    private readonly CancellationTokenSource _stop = new();
    private Task _collecting = Task.CompletedTask;

    private Guest(TestCluster cluster, NamespacedName name)
    {
        _cluster = cluster;
        Name = name;
        _follower = new(cluster.Api, TimeProvider.System);
        _console = new(cluster.Api, TimeProvider.System);
    }

    public NamespacedName Name { get; }

    /// <summary>
    /// Creates it from the example, in a namespace that may be there already, and waits until it has booted and is judged:
    /// it may be moved, or it is known that it may not. Without <paramref name="booted"/> its machine runs, whatever the guest does.
    /// </summary>
    public static async Task<Guest> StartAsync(
        TestCluster cluster,
        string @namespace,
        string name = "demo",
        string memory = "256Mi",
        string guestMemory = "mg.mem=96",
        Action<JsonObject>? change = null,
        bool migratable = true,
        int rate = 20,
        bool booted = true)
    {
        var guest = new Guest(cluster, new(@namespace, name));
        await EnsureNamespaceAsync(cluster, @namespace);
        var vmi = Yaml.ParseObjects(await File.ReadAllTextAsync(Path.Combine(TestCluster.Root, "examples", "vmi-demo.yaml"))).Single();
        vmi.Ensure("metadata")["name"] = name;
        vmi.Ensure("metadata")["namespace"] = @namespace;
        vmi.Ensure("spec", "domain", "memory")["guest"] = memory;
        var boot = vmi.Ensure("spec", "domain", "firmware", "kernelBoot");
        boot["kernelArgs"] = boot.Text("kernelArgs")!.Replace("mg.mem=256", guestMemory, StringComparison.Ordinal)
            .Replace("mg.rate=20", $"mg.rate={rate}", StringComparison.Ordinal)
            .Replace("console=ttyS0 quiet no_timer_check", Boot, StringComparison.Ordinal)
            // Half of what an emulated guest takes of a processor: the machine has others to run beside it.
            .Replace("mg.tick=10", "mg.tick=20 mg.diskrate=1", StringComparison.Ordinal);
        change?.Invoke(vmi);
        var created = await cluster.Api.CreateAsync(Kinds.VirtualMachineInstance, vmi);
        guest._collecting = guest._console.RunAsync(created, guest._stop.Token);
        var running = await guest._follower.UntilAsync(
            Kinds.VirtualMachineInstance,
            guest.Name,
            v => VmiFacts.Phase(v) == VmiPhases.Running && VmiFacts.Address(v) is not null
                && Condition(v, Conditions.LiveMigratable).Text("status") == (migratable ? Conditions.True : Conditions.False),
            Limit,
            $"{name} to run",
            CancellationToken.None);
        running.ShouldNotBeNull();
        if (booted)
        {
            await guest.UntilTicksAsync(50);
        }

        return guest;
    }

    /// <summary>Watches one that somebody else has created, and that runs already.</summary>
    public static Guest Watch(TestCluster cluster, JsonObject vmi)
    {
        var guest = new Guest(cluster, new(vmi.Namespace(), vmi.Name()));
        guest._collecting = guest._console.RunAsync(vmi, guest._stop.Token);
        return guest;
    }

    /// <summary>The condition of a type, null when it is not there.</summary>
    public static JsonNode? Condition(JsonObject @object, string type) =>
        (@object.At("status", "conditions") as JsonArray)?.FirstOrDefault(c => c.Text("type") == type);

    /// <summary>Makes the namespace unless it is there; one that an earlier test left to end goes first.</summary>
    public static async Task EnsureNamespaceAsync(TestCluster cluster, string @namespace)
    {
        var present = await cluster.Api.TryGetAsync(Kinds.Namespace, NamespacedName.Cluster(@namespace));
        if (present?.Text("metadata", "deletionTimestamp") is not null)
        {
            (await cluster.KubectlAsync(["wait", "namespace", @namespace, "--for=delete", "--timeout=60s"])).Ok();
            present = null;
        }

        if (present is null)
        {
            (await cluster.KubectlAsync(["create", "namespace", @namespace])).Ok();
        }
    }

    public Task<JsonObject> ReadAsync() => _cluster.Api.GetAsync(Kinds.VirtualMachineInstance, Name);

    public async Task<string> NodeAsync() => VmiFacts.Node(await ReadAsync())!;

    /// <summary>Asks for a move and waits for how it ends.</summary>
    public async Task<MigrationFacts> MoveAsync(TimeSpan? limit = null)
    {
        var created = await MigrationRequest.CreateAsync(_cluster.Api, Name, node: null, CancellationToken.None);
        return await EndOfAsync(created.Name(), limit);
    }

    public async Task<MigrationFacts> EndOfAsync(string migration, TimeSpan? limit = null)
    {
        var final = await UntilAsync(migration, Lookups.IsFinal, limit);
        return MigrationFacts.Of(final);
    }

    /// <summary>Waits until the VMIM is as wanted.</summary>
    public async Task<JsonObject> UntilAsync(string migration, Func<JsonObject, bool> wanted, TimeSpan? limit = null) =>
        (await _follower.UntilAsync(
            Kinds.VirtualMachineInstanceMigration, new(Name.Namespace, migration), wanted, limit ?? Limit, $"the migration {migration}", CancellationToken.None))
        .ShouldNotBeNull($"the migration {migration} is gone");

    /// <summary>Waits until the VMI is as wanted; when it does not come to that, says what became of its migration and what was told of it.</summary>
    public async Task<JsonObject> UntilVmiAsync(Func<JsonObject, bool> wanted, string what, TimeSpan? limit = null)
    {
        try
        {
            return (await _follower.UntilAsync(Kinds.VirtualMachineInstance, Name, wanted, limit ?? Limit, $"{Name} {what}", CancellationToken.None))
                .ShouldNotBeNull($"{Name} is gone");
        }
        catch (CliException e)
        {
            var state = (await ReadAsync()).At("status", "migrationState");
            var events = await _cluster.KubectlAsync(["get", "events", "-n", Name.Namespace, "--sort-by=.lastTimestamp"]);
            var said = await _cluster.SaidOfAsync([$"{Name.Namespace}/{Name.Name}", state.Text("migrationUid") ?? Name.Namespace]);
            throw new TimeoutException($"{e.Message}\n{state}\n{events.Output}{events.Error}\n{string.Join('\n', said)}", e);
        }
    }

    /// <summary>What the console has shown so far, over all pods.</summary>
    public GuestConsole Console => GuestConsole.Read(_console.Pods);

    /// <summary>Waits until the guest has counted on by this many ticks.</summary>
    public async Task UntilTicksAsync(long more)
    {
        var wanted = Console.Ticks + more;
        using var deadline = new CancellationTokenSource(Limit);
        while (Console.Ticks < wanted)
        {
            if (_collecting.IsCompleted)
            {
                await _collecting;
            }

            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"{Name} counted {Console.Ticks} ticks within {Limit.TotalSeconds:0} s, not {wanted}; {await LastWordsAsync()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Where its console ends, for who has to find out why a guest went silent.</summary>
    private async Task<string> LastWordsAsync()
    {
        var pods = _console.Pods;
        var lines = pods.SelectMany(static p => p).TakeLast(12).Select(static l => l.Text);
        var told = new StringBuilder($"its console, followed in {pods.Count} pods, ends with:\n{string.Join('\n', lines)}");
        foreach (var pod in await LivingPodsAsync())
        {
            // Read anew: where this has more, not the guest is silent but the following.
            var log = await _cluster.KubectlAsync(["logs", pod, "-n", Name.Namespace, "-c", Launcher.Container, "--tail=12"]);
            told.Append($"\n{pod} has in its log:\n{log.Output}{log.Error}");
        }

        return told.Append($"\n{(await _cluster.KubectlAsync(["get", "vmi", Name.Name, "-n", Name.Namespace, "-o", "yaml"])).Output}").ToString();
    }

    /// <summary>The guest ran on as if nothing had happened.</summary>
    /// <param name="tornTicks">Ticks at most whose line began on a node that has lost its power since: nobody can read its log any more.</param>
    public async Task ShouldBeUnhurtAsync(int tornTicks = 0)
    {
        await UntilTicksAsync(50);
        var console = Console;
        console.LostTicks.ShouldBeLessThanOrEqualTo(tornTicks, string.Join("; ", console.Holes));
        console.RepeatedTicks.ShouldBe(0);
        console.MemoryErrors.ShouldBe(0);
        console.DiskErrors.ShouldBe(0);
        console.Crashes.ShouldBeEmpty();
    }

    /// <summary>Launcher pods of this guest that have not ended.</summary>
    public async Task<IReadOnlyList<string>> LivingPodsAsync() =>
    [
        .. (await _cluster.Api.LauncherPodsAsync(await ReadAsync(), CancellationToken.None))
            .Where(static p => p.Text("status", "phase") is not (PodPhases.Succeeded or PodPhases.Failed))
            .Select(static p => p.Name()),
    ];

    /// <summary>Waits until only the pod that the guest lives in is alive.</summary>
    public Task UntilOnePodAsync() => UntilPodsAsync(1);

    /// <summary>Waits until none of its pods is alive.</summary>
    public Task UntilNoPodAsync() => UntilPodsAsync(0);

    private async Task UntilPodsAsync(int wanted)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await LivingPodsAsync() is { } pods && pods.Count != wanted)
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"{Name} has {pods.Count} living pods, not {wanted}: {string.Join(", ", pods)}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _collecting;
        // The next test needs the guest's place; that the empty namespace ends seconds later does not matter to it.
        await _cluster.KubectlAsync(["delete", "vmi", Name.Name, "-n", Name.Namespace, "--ignore-not-found", "--timeout=90s"]);
        await _cluster.KubectlAsync(["delete", "namespace", Name.Namespace, "--wait=false"]);
        _stop.Dispose();
    }
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Perf.Peers;
using Godwit.Qemu;

namespace Godwit.Perf;

/// <summary>
/// The shortest correct driver for the same guest: two QEMUs on this machine, no cluster. It takes the same steps as Godwit's
/// agents (TLS both ways, parallel streams, disk mirror, target held until the source has completed), and nothing else.
/// </summary>
internal sealed class BarePair : IAsyncDisposable
{
    private const int MemoryPort = 47152;
    private const int DiskPort = 47153;
    private const long FirstDowntimeLimit = 20;
    private const long LastDowntimeLimit = 300;
    private const int PassesBeforeRaise = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly Domain _incoming;
    private readonly string _kernel;
    private readonly string _root;
    private readonly IReadOnlyList<BarePlace> _places;
    private BareQemu _now;
    private BareQemu? _next;
    private int _hops;

    private BarePair(Domain incoming, string kernel, string root, IReadOnlyList<BarePlace> places, BareQemu now, GuestTicks ticks)
    {
        _places = places;
        Ticks = ticks;
        _incoming = incoming;
        _kernel = kernel;
        _root = root;
        _now = now;
    }

    public GuestTicks Ticks { get; }

    /// <summary>The QEMU in which the guest lives at present.</summary>
    public BareQemu Now => _now;

    public static async Task<BarePair> BootAsync(Domain boot, Domain incoming, string kernel, IReadOnlyList<BarePlace> places, CancellationToken ct)
    {
        var root = Directory.CreateTempSubdirectory("godwit-bare-").FullName;
        var folder = await FolderAsync(root, boot, 0, ct);
        var ticks = new GuestTicks();
        var qemu = await BareQemu.StartAsync(boot, folder, kernel, places[0], ticks, ct);
        await qemu.Qmp.ContinueAsync(ct);
        await qemu.Console.ReadyAsync(ct);
        return new BarePair(incoming, kernel, root, places, qemu, ticks);
    }

    public Task FreezeAsync(CancellationToken ct) => _now.Qmp.StopAsync(ct);

    public Task ThawAsync(CancellationToken ct) => _now.Qmp.ContinueAsync(ct);

    public Task<BareHop> HopAsync(CancellationToken ct) => HopAsync(new BareSettings(), ct);

    public async Task<BareHop> HopAsync(BareSettings settings, CancellationToken ct)
    {
        var folder = await FolderAsync(_root, _incoming, ++_hops, ct);
        var place = _places[_hops % _places.Count];
        WriteCertificates(folder);
        var began = Stopwatch.GetTimestamp();
        var target = _next = await BareQemu.StartAsync(_incoming, folder, _kernel, place, Ticks, ct);
        var disks = _incoming.CopiedDisks;
        await ListenAsync(target.Qmp, place.Address, folder, disks, settings, ct);
        var source = _now.Qmp;
        await PrepareAsync(source, place.Address, folder, disks, settings, ct);
        var from = source.Events.Position;
        await source.MigrateAsync($"tcp:{place.Address}:{MemoryPort}", resume: false, ct);
        var started = Stopwatch.GetTimestamp();
        await CopyAsync(source, from, settings.StopAfter, ct);
        var copy = Stopwatch.GetElapsedTime(started);
        foreach (var disk in disks)
        {
            await source.BlockJobCancelAsync(Job(disk), force: false, ct);
            await source.Events.WaitAsync(from, e => IsJob(e, disk, "concluded"), Patience, ct);
            await source.JobDismissAsync(Job(disk), ct);
            await source.BlockdevDeleteAsync(Remote(disk), ct);
        }

        await source.MigrateContinueAsync("pre-switchover", ct);
        await CompletedAsync(source, from, ct);
        await CompletedAsync(target.Qmp, 0, ct);
        if (disks.Length > 0)
        {
            await target.Qmp.NbdServerStopAsync(ct);
        }

        await target.Qmp.ContinueAsync(ct);
        var resumed = await target.Qmp.Events.WaitAsync(0, e => e.Name == "RESUME", Patience, ct);
        var total = Stopwatch.GetElapsedTime(began);
        var stopped = source.Events.Since(from).Last(e => e.Name == "STOP");
        var facts = await source.QueryMigrateAsync(ct);
        await _now.DisposeAsync();
        _now = target;
        _next = null;
        return new BareHop(
            total.TotalMilliseconds,
            copy.TotalMilliseconds,
            FlowMs(source, from),
            (resumed!.Timestamp - stopped.Timestamp).TotalMilliseconds,
            facts.Downtime ?? 0,
            facts.Ram?.Transferred ?? 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _now.DisposeAsync();
        if (_next is not null)
        {
            await _next.DisposeAsync();
        }

        Directory.Delete(_root, recursive: true);
    }

    private static async Task ListenAsync(QmpClient target, string address, string folder, CopiedDisk[] disks, BareSettings settings, CancellationToken ct)
    {
        if (settings.Tls)
        {
            await target.ObjectAddAsync("tls-creds-x509", "bare-server", Tls(folder, "server"), ct);
        }

        await target.SetMigrationCapabilitiesAsync(Capabilities(settings), ct);
        await target.SetMigrationParametersAsync(
            new MigrationParameters { MultifdChannels = Channels(settings), TlsCreds = settings.Tls ? "bare-server" : "" }, ct);
        if (disks.Length > 0)
        {
            await target.NbdServerStartAsync(address, DiskPort, settings.Tls ? "bare-server" : null, null, ct);
        }

        foreach (var disk in disks)
        {
            await target.BlockExportAddAsync($"bare-{disk.NodeName}", disk.NodeName, writable: true, ct);
        }

        await target.MigrateIncomingAsync($"tcp:{address}:{MemoryPort}", ct);
    }

    private static async Task PrepareAsync(QmpClient source, string address, string folder, CopiedDisk[] disks, BareSettings settings, CancellationToken ct)
    {
        var objects = await source.ListObjectsAsync(ct);
        // It may hold the server's credentials of its own arrival, and the client's of nobody.
        if (objects.Contains("bare-client"))
        {
            await source.ObjectDeleteAsync("bare-client", ct);
        }

        if (settings.Tls)
        {
            await source.ObjectAddAsync("tls-creds-x509", "bare-client", Tls(folder, "client"), ct);
        }

        await source.SetMigrationCapabilitiesAsync(Capabilities(settings), ct);
        await source.SetMigrationParametersAsync(
            new MigrationParameters
            {
                MaxBandwidth = settings.Bandwidth > 0 ? settings.Bandwidth : MigrationParameters.UnlimitedBandwidth,
                DowntimeLimit = FirstDowntimeLimit,
                MultifdChannels = Channels(settings),
                TlsCreds = settings.Tls ? "bare-client" : "",
                TlsHostname = settings.Tls ? "bare" : "",
            },
            ct);
        var from = source.Events.Position;
        foreach (var disk in disks)
        {
            var remote = new JsonObject
            {
                ["driver"] = "nbd",
                ["node-name"] = Remote(disk),
                ["server"] = new JsonObject { ["type"] = "inet", ["host"] = address, ["port"] = $"{DiskPort}" },
                ["export"] = disk.NodeName,
                ["discard"] = "unmap",
            };
            if (settings.Tls)
            {
                remote["tls-creds"] = "bare-client";
                remote["tls-hostname"] = "bare";
            }

            await source.BlockdevAddAsync(remote, ct);
            await source.BlockdevMirrorAsync(Job(disk), disk.NodeName, Remote(disk), disk.LayerOnly ? "top" : "full", "background", ct);
        }

        foreach (var disk in disks)
        {
            await source.Events.WaitAsync(from, e => IsJob(e, disk, "ready"), Patience, ct);
        }
    }

    /// <summary>Until the guest stands still; the limit is raised by the same rule as Godwit's.</summary>
    private static async Task CopyAsync(QmpClient source, long from, TimeSpan? stopAfter, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var limit = FirstDowntimeLimit;
        var raisedAt = 0L;
        while (await source.Events.WaitAsync(from, e => IsMigration(e, "pre-switchover"), Period, ct) is null)
        {
            if (stopAfter is { } patience && Stopwatch.GetElapsedTime(began) >= patience)
            {
                await source.StopAsync(ct);
                stopAfter = null;
            }

            var pass = (await source.QueryMigrateAsync(ct)).Ram?.DirtySyncCount ?? 0;
            if (limit < LastDowntimeLimit && pass >= raisedAt + PassesBeforeRaise)
            {
                limit = Math.Min(limit * 2, LastDowntimeLimit);
                raisedAt = pass;
                await source.SetMigrationParametersAsync(new MigrationParameters { DowntimeLimit = limit }, ct);
            }
        }
    }

    private static async Task CompletedAsync(QmpClient qmp, long from, CancellationToken ct)
    {
        if (await qmp.Events.WaitAsync(from, e => IsMigration(e, "completed") || IsMigration(e, "failed"), Patience, ct) is not { } end || IsMigration(end, "failed"))
        {
            throw new InvalidOperationException("the move by hand failed");
        }
    }

    private static void WriteCertificates(string folder)
    {
        using var authority = CertificateAuthority.Create("bare", TimeSpan.FromDays(1));
        var pair = authority.Issue(new LeafRequest("bare") { DnsNames = ["bare"], Server = true, Client = true, KeyEncipherment = true });
        foreach (var (name, content) in new[]
                 {
                     ("ca-cert.pem", authority.CertificatePem),
                     ("server-cert.pem", pair.CertificatePem), ("server-key.pem", pair.KeyPem),
                     ("client-cert.pem", pair.CertificatePem), ("client-key.pem", pair.KeyPem),
                 })
        {
            File.WriteAllText(Path.Combine(folder, "tls", name), content);
        }
    }

    private static async Task<string> FolderAsync(string root, Domain domain, int number, CancellationToken ct)
    {
        var folder = Path.Combine(root, $"{number}");
        Directory.CreateDirectory(Path.Combine(folder, "disks"));
        Directory.CreateDirectory(Path.Combine(folder, "tls"));
        await BareDisks.CreateAsync(domain, folder, ct);
        return folder;
    }

    private static JsonObject Tls(string folder, string endpoint) =>
        new() { ["dir"] = Path.Combine(folder, "tls"), ["endpoint"] = endpoint, ["verify-peer"] = true };

    private static double FlowMs(QmpClient source, long from)
    {
        var events = source.Events.Since(from);
        return (events.Last(static e => IsMigration(e, "completed")).Timestamp - events.First(static e => IsMigration(e, "active")).Timestamp).TotalMilliseconds;
    }

    // Both QEMUs have been through other moves: what is not wanted is switched off.
    private static IEnumerable<KeyValuePair<string, bool>> Capabilities(BareSettings settings) =>
        MigrationCapabilities.Always.Select(static c => KeyValuePair.Create(c, true)).Append(KeyValuePair.Create(MigrationCapabilities.Multifd, settings.Streams > 0));

    private static int? Channels(BareSettings settings) => settings.Streams > 0 ? settings.Streams : null;

    private static string Job(CopiedDisk disk) => $"bare-job-{disk.NodeName}";

    private static string Remote(CopiedDisk disk) => $"bare-to-{disk.NodeName}";

    private static bool IsJob(QmpEvent e, CopiedDisk disk, string status) =>
        e.Name == "JOB_STATUS_CHANGE" && e.Text("id") == Job(disk) && e.Text("status") == status;

    private static bool IsMigration(QmpEvent e, string status) => e.Name == "MIGRATION" && e.Text("status") == status;
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Qemu;

namespace Godwit.Perf;

/// <summary>
/// The shortest correct driver for the same guest: two QEMUs on this machine, no cluster. It takes the same steps as Godwit's
/// agents (TLS both ways, two streams, disk mirror, target held until the source has completed), and nothing else.
/// </summary>
internal sealed class BarePair : IAsyncDisposable
{
    private const int MemoryPort = 47152;
    private const int DiskPort = 47153;
    private const int Streams = 2;
    private const long FirstDowntimeLimit = 20;
    private const long LastDowntimeLimit = 300;
    private const int PassesBeforeRaise = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly Domain _incoming;
    private readonly string _kernel;
    private readonly string _root;
    private BareQemu _now;
    private BareQemu? _next;
    private int _hops;

    private BarePair(Domain incoming, string kernel, string root, BareQemu now)
    {
        _incoming = incoming;
        _kernel = kernel;
        _root = root;
        _now = now;
    }

    public static async Task<BarePair> BootAsync(Domain boot, Domain incoming, string kernel, CancellationToken ct)
    {
        var root = Directory.CreateTempSubdirectory("godwit-bare-").FullName;
        var folder = await FolderAsync(root, boot, 0, ct);
        var qemu = await BareQemu.StartAsync(boot, folder, kernel, ct);
        await qemu.Qmp.ContinueAsync(ct);
        // Until its memory is filled and it works as it will: the other guest had that time as well.
        await Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System, ct);
        return new BarePair(incoming, kernel, root, qemu);
    }

    public Task FreezeAsync(CancellationToken ct) => _now.Qmp.StopAsync(ct);

    public Task ThawAsync(CancellationToken ct) => _now.Qmp.ContinueAsync(ct);

    public async Task<BareHop> HopAsync(CancellationToken ct)
    {
        var folder = await FolderAsync(_root, _incoming, ++_hops, ct);
        WriteCertificates(folder);
        var began = Stopwatch.GetTimestamp();
        var target = _next = await BareQemu.StartAsync(_incoming, folder, _kernel, ct);
        var disks = _incoming.CopiedDisks;
        await ListenAsync(target.Qmp, folder, disks, ct);
        var source = _now.Qmp;
        await PrepareAsync(source, folder, disks, ct);
        var from = source.Events.Position;
        await source.MigrateAsync($"tcp:127.0.0.1:{MemoryPort}", resume: false, ct);
        var started = Stopwatch.GetTimestamp();
        await CopyAsync(source, from, ct);
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

    private static async Task ListenAsync(QmpClient target, string folder, CopiedDisk[] disks, CancellationToken ct)
    {
        await target.ObjectAddAsync("tls-creds-x509", "bare-server", Tls(folder, "server"), ct);
        await target.SetMigrationCapabilitiesAsync(Capabilities(), ct);
        await target.SetMigrationParametersAsync(new MigrationParameters { MultifdChannels = Streams, TlsCreds = "bare-server" }, ct);
        if (disks.Length > 0)
        {
            await target.NbdServerStartAsync("127.0.0.1", DiskPort, "bare-server", null, ct);
        }

        foreach (var disk in disks)
        {
            await target.BlockExportAddAsync($"bare-{disk.NodeName}", disk.NodeName, writable: true, ct);
        }

        await target.MigrateIncomingAsync($"tcp:127.0.0.1:{MemoryPort}", ct);
    }

    private static async Task PrepareAsync(QmpClient source, string folder, CopiedDisk[] disks, CancellationToken ct)
    {
        var objects = await source.ListObjectsAsync(ct);
        // It may hold the server's credentials of its own arrival, and the client's of nobody.
        if (objects.Contains("bare-client"))
        {
            await source.ObjectDeleteAsync("bare-client", ct);
        }

        await source.ObjectAddAsync("tls-creds-x509", "bare-client", Tls(folder, "client"), ct);
        await source.SetMigrationCapabilitiesAsync(Capabilities(), ct);
        await source.SetMigrationParametersAsync(
            new MigrationParameters
            {
                MaxBandwidth = MigrationParameters.UnlimitedBandwidth,
                DowntimeLimit = FirstDowntimeLimit,
                MultifdChannels = Streams,
                TlsCreds = "bare-client",
                TlsHostname = "bare",
            },
            ct);
        var from = source.Events.Position;
        foreach (var disk in disks)
        {
            await source.BlockdevAddAsync(
                new JsonObject
                {
                    ["driver"] = "nbd",
                    ["node-name"] = Remote(disk),
                    ["server"] = new JsonObject { ["type"] = "inet", ["host"] = "127.0.0.1", ["port"] = $"{DiskPort}" },
                    ["export"] = disk.NodeName,
                    ["discard"] = "unmap",
                    ["tls-creds"] = "bare-client",
                    ["tls-hostname"] = "bare",
                },
                ct);
            await source.BlockdevMirrorAsync(Job(disk), disk.NodeName, Remote(disk), disk.LayerOnly ? "top" : "full", "background", ct);
        }

        foreach (var disk in disks)
        {
            await source.Events.WaitAsync(from, e => IsJob(e, disk, "ready"), Patience, ct);
        }
    }

    /// <summary>Until the guest stands still; the limit is raised by the same rule as Godwit's.</summary>
    private static async Task CopyAsync(QmpClient source, long from, CancellationToken ct)
    {
        var limit = FirstDowntimeLimit;
        var raisedAt = 0L;
        while (await source.Events.WaitAsync(from, e => IsMigration(e, "pre-switchover"), Period, ct) is null)
        {
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

    private static IEnumerable<KeyValuePair<string, bool>> Capabilities() =>
        MigrationCapabilities.Always.Append(MigrationCapabilities.Multifd).Select(c => KeyValuePair.Create(c, true));

    private static string Job(CopiedDisk disk) => $"bare-job-{disk.NodeName}";

    private static string Remote(CopiedDisk disk) => $"bare-to-{disk.NodeName}";

    private static bool IsJob(QmpEvent e, CopiedDisk disk, string status) =>
        e.Name == "JOB_STATUS_CHANGE" && e.Text("id") == Job(disk) && e.Text("status") == status;

    private static bool IsMigration(QmpEvent e, string status) => e.Name == "MIGRATION" && e.Text("status") == status;
}

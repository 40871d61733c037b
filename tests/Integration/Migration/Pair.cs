using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Godwit.Integration.Qemu;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Integration.Migration;

/// <summary>Two launchers with real QEMUs, an agent's migration part for each, and a record between them. No Kubernetes.</summary>
internal sealed partial class Pair : IAsyncDisposable, ITargetDomain
{
    private static int _lastPort = 21_000;
    public const string SourcePod = "11111111-0000-4000-8000-000000000001";
    public const string TargetPod = "22222222-0000-4000-8000-000000000002";
    public const string Uid = "33333333-0000-4000-8000-000000000003";

    private readonly string _words;
    private readonly HardwareDefinition _hardware;
    private readonly LocalPod _source;
    private readonly LocalPod _target;
    private readonly int _diskMiB;

    private Pair(string words, HardwareDefinition hardware, int diskMiB, MigrationConfiguration configuration, string? sourceDisks, string? targetDisks)
    {
        _words = words;
        _hardware = hardware;
        _diskMiB = diskMiB;
        Source = GuestHost.Start();
        Target = GuestHost.Start();
        SourceDisks = sourceDisks ?? Source.Folder;
        TargetDisks = targetDisks ?? Target.Folder;
        _source = Pod(SourcePod, Source.Folder) with { LauncherPid = Source.LauncherPid };
        _target = Pod(TargetPod, Target.Folder);
        Record = new MemoryRecord(new VirtualMachineInstance
        {
            Metadata = new ObjectMeta { Name = "guest", Namespace = "default", Uid = "0", Labels = new Dictionary<string, string>() },
            Spec = new VirtualMachineInstanceSpec(),
            Status = new VirtualMachineInstanceStatus
            {
                OwnerPodUID = SourcePod,
                NodeName = "node01",
                Hardware = HardwareMapping.ToRecord(hardware),
                MigrationState = new MigrationState
                {
                    MigrationUid = Uid,
                    SourceNode = "node01",
                    SourcePod = "source",
                    SourcePodUID = SourcePod,
                    TargetNode = "node02",
                    TargetPod = "target",
                    TargetPodUID = TargetPod,
                    MigrationConfiguration = configuration,
                },
            },
        });
        if (configuration.DisableTLS != true)
        {
            Record.Credentials = MakeCredentials();
        }

        SourceAgent = Agent();
        TargetAgent = Agent();
        Record.Watch = vmi => Tell(vmi);
    }

    public GuestHost Source { get; }

    public GuestHost Target { get; }

    private string SourceDisks { get; }

    private string TargetDisks { get; }

    /// <summary>The guest's ticks over both consoles. A line that the source began and the target ended, as the guest stood still within it, is one.</summary>
    public IReadOnlyList<long> Ticks
    {
        get
        {
            var (before, after) = (Source.Lines, Target.Lines);
            return before is [.., var begun] && after is [var ended, ..] && !WholeTick().IsMatch(begun) && WholeTick().IsMatch(begun + ended)
                ? GuestHost.TicksIn([.. before.SkipLast(1), begun + ended, .. after.Skip(1)])
                : GuestHost.TicksIn([.. before, .. after]);
        }
    }

    public MemoryRecord Record { get; }

    public MigrationReconciler SourceAgent { get; private set; }

    public MigrationReconciler TargetAgent { get; private set; }

    /// <summary>What the target is built with, when that is to be wrong.</summary>
    public Func<HardwareDefinition, HardwareDefinition> Distort { get; set; } = hardware => hardware;

    /// <summary>Boots the source's guest and waits until it is at work.</summary>
    public static async Task<Pair> BootAsync(
        string words,
        int memoryMiB = 192,
        int diskMiB = 0,
        MigrationConfiguration? configuration = null,
        string? sourceDisks = null,
        string? targetDisks = null)
    {
        var hardware = TestGuest.Hardware(memoryMiB, diskMiB > 0 ? ["disk-root"] : []);
        var pair = new Pair(words, hardware, diskMiB, configuration ?? new MigrationConfiguration(), sourceDisks, targetDisks);
        try
        {
            var domain = await TestGuest.DomainAsync(hardware, pair.Source.Folder, words, disk: id => pair.Disk(id, pair.SourceDisks));
            domain.Write(pair.Source.Folder);
            await pair.Source.BootAsync();
            await pair.Source.LineAsync(l => l.StartsWith("MG READY", StringComparison.Ordinal));
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets both agents see the record, which starts the migration.</summary>
    public void Go() => Tell(Record.Now);

    public Task<VirtualMachineInstance> EndAsync() =>
        Record.UntilAsync(v => v.Status!.MigrationState!.Completed == true, TimeSpan.FromSeconds(60));

    /// <summary>The source's agent dies at once and another takes its place.</summary>
    public async Task RestartSourceAgentAsync()
    {
        await SourceAgent.DisposeAsync();
        SourceAgent = Agent();
        Tell(Record.Now);
    }

    public async Task RestartTargetAgentAsync()
    {
        await TargetAgent.DisposeAsync();
        TargetAgent = Agent();
        Tell(Record.Now);
    }

    /// <summary>What the controller writes when the migration is to be cancelled.</summary>
    public Task AbortAsync() => Record.PatchAsync([JsonPatch.Add("/status/migrationState/abortRequested", true)], default);

    async Task<bool> ITargetDomain.PrepareAsync(VirtualMachineInstance vmi, LocalPod pod, CancellationToken cancellationToken)
    {
        var hardware = Distort(HardwareMapping.FromRecord(vmi.Status!.Hardware!));
        var domain = await TestGuest.DomainAsync(hardware, pod.Folder, _words, incoming: true, disk: id => Disk(id, TargetDisks));
        domain.Write(pod.Folder);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        Record.Watch = null;
        await SourceAgent.DisposeAsync();
        await TargetAgent.DisposeAsync();
        await Source.DisposeAsync();
        await Target.DisposeAsync();
    }

    private MigrationReconciler Agent() =>
        new(_ => Record, new MigrationTools(this, Network: null, Host: null), NullLoggerFactory.Instance, TimeProvider.System);

    private void Tell(VirtualMachineInstance vmi)
    {
        _ = SourceAgent.ReconcileAsync(vmi, _source, default);
        _ = TargetAgent.ReconcileAsync(vmi, _target, default);
    }

    private DiskBinding Disk(string id, string folder)
    {
        var path = Path.Combine(folder, $"{id}.img");
        if (!File.Exists(path))
        {
            using var file = File.Create(path);
            file.SetLength((long)_diskMiB << 20);
        }

        return new DiskBinding { NodeName = NodeNames.For(id), Path = path };
    }

    private static LocalPod Pod(string uid, string folder) => new()
    {
        Uid = uid,
        Name = uid[..8],
        Ip = "127.0.0.1",
        Folder = folder,
        InnerFolder = folder,
        MemoryPort = FreePort(),
        BlockPort = FreePort(),
    };

    /// <summary>
    /// A port that stays free until QEMU listens on it seconds later: none of those that the kernel gives to whoever asks for any, and
    /// none twice.
    /// </summary>
    private static int FreePort()
    {
        while (true)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, Interlocked.Increment(ref _lastPort));
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody else's; the next one.
            }
        }
    }

    private static MigrationCredentials MakeCredentials()
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=migration-ca", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        caRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        caRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(caRequest.PublicKey, false));
        var now = DateTimeOffset.Parse("2020-01-01T00:00:00Z", CultureInfo.InvariantCulture);
        using var ca = caRequest.CreateSelfSigned(now, now.AddYears(50));
        var (source, sourceKey) = Leaf(ca, SourcePod, now);
        var (target, targetKey) = Leaf(ca, TargetPod, now);
        return new MigrationCredentials(ca.ExportCertificatePem(), source, sourceKey, target, targetKey);
    }

    private static (string Certificate, string Key) Leaf(X509Certificate2 ca, string name, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(ca, now, now.AddYears(40), RandomNumberGenerator.GetBytes(8));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Number, microseconds since the boot, and since 1970: sixteen digits.</summary>
    [GeneratedRegex(@"^T \d+ \d+ \d{16}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WholeTick();
}

using System.Text.Json.Nodes;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;

namespace Godwit.VirtHandler.Migration;

/// <summary>The target's work on QEMU and on the pod's network.</summary>
internal sealed class TargetSetup(LocalPod pod, AttemptNames names, MigrationTools tools)
{
    /// <summary>Two streams use two cores, and make up for half of what encryption costs; more gained nothing.</summary>
    private const int Channels = 2;

    /// <summary>
    /// Streams that are filled beside the main one have up to 1.5 MiB under way that QEMU's limit does not see yet, each tenth
    /// of a second: 16 MiB/s become 30. Below this limit one stream is fast enough, and it keeps to it.
    /// </summary>
    private const long LeastLimitForChannels = 256L << 20;

    private CopiedDisk[]? _disks;

    public bool HasDisks => Disks.Length > 0;

    private CopiedDisk[] Disks => _disks ??= Domain.Read(pod.Folder)?.CopiedDisks ?? [];

    public static int ChannelsFor(MigrationState state)
    {
        if (state.AllowsPostCopy())
        {
            // QEMU 10.0 does not do both.
            return 0;
        }

        var limit = MonitorRules.From(state.MigrationConfiguration, 0, 0).Bandwidth;
        return limit is 0 or >= LeastLimitForChannels && (state.UsesTls() || Environment.ProcessorCount >= 2) ? Channels : 0;
    }

    /// <summary>Port to role.</summary>
    public IReadOnlyDictionary<int, int> Ports()
    {
        var ports = new SortedDictionary<int, int> { [pod.MemoryPort] = MigrationModes.PortRoleMemory };
        if (HasDisks)
        {
            ports[pod.BlockPort] = MigrationModes.PortRoleBlock;
        }

        return ports;
    }

    public async Task ListenAsync(
        QmpClient qmp, VirtualMachineInstance vmi, MigrationCredentials? credentials, MigrationPath path, CancellationToken ct)
    {
        var state = vmi.Migration()!;
        Compare(vmi);
        var channels = ChannelsFor(state);
        if (credentials is not null)
        {
            await AddTlsAsync(qmp, state.MigrationUid!, credentials, ct);
        }

        await SetCapabilitiesAsync(qmp, state, channels, ct);
        await qmp.SetMigrationParametersAsync(
            new MigrationParameters
            {
                MultifdChannels = channels > 0 ? channels : null,
                TlsCreds = credentials is null ? "" : names.Tls,
                TlsAuthz = credentials is null ? "" : names.Authorization,
            },
            ct);
        if (HasDisks)
        {
            await OpenExportsAsync(qmp, path.Address, credentials is not null, ct);
        }

        if (path.Source is { } source && tools.Network is { } network && pod.LauncherPid is { } pid)
        {
            await network.AllowMigrationAsync(pid, source, [.. Ports().Keys], ct);
        }

        await qmp.MigrateIncomingAsync($"tcp:{VmiView.ForUri(path.Address)}:{pod.MemoryPort}", ct);
    }

    /// <summary>
    /// Post-copy needs userfaultfd, which a node may not grant: QEMU then refuses the capability here and now, and the migration
    /// goes on without it.
    /// </summary>
    private static async Task SetCapabilitiesAsync(QmpClient qmp, MigrationState state, int channels, CancellationToken ct)
    {
        var postCopy = state.AllowsPostCopy();
        try
        {
            await qmp.SetMigrationCapabilitiesAsync(Capabilities(postCopy), ct);
        }
        catch (QmpException) when (postCopy)
        {
            await qmp.SetMigrationCapabilitiesAsync(Capabilities(postCopy: false), ct);
        }

        IEnumerable<KeyValuePair<string, bool>> Capabilities(bool postCopy) =>
            SourceSetup.Capabilities(channels, autoConverge: false, postCopy).Where(static c => c.Key != MigrationCapabilities.AutoConverge);
    }

    /// <summary>Whether QEMU was able to take post-copy on; null where it is not allowed.</summary>
    public static async Task<bool?> IsPostCopyReadyAsync(QmpClient qmp, MigrationState state, CancellationToken ct) =>
        state.AllowsPostCopy() ? await qmp.HasMigrationCapabilityAsync(MigrationCapabilities.PostcopyRam, ct) : null;

    public async Task CleanUpAsync(QmpClient qmp, CancellationToken ct)
    {
        await CloseNetworkAsync(ct);
        await qmp.SetMigrationParametersAsync(new MigrationParameters { TlsCreds = "", TlsHostname = "", TlsAuthz = "" }, ct);
        foreach (var id in (await qmp.ListObjectsAsync(ct)).Where(AttemptNames.IsAnAttempts))
        {
            try
            {
                await qmp.ObjectDeleteAsync(id, ct);
            }
            catch (QmpException)
            {
                // Still in use for a moment; an object too many does no harm, and the next migration from here removes it.
            }
        }

        var tls = Path.Combine(pod.Folder, DomainFolder.Tls);
        if (Directory.Exists(tls))
        {
            Directory.Delete(tls, recursive: true);
        }
    }

    public async Task CloseNetworkAsync(CancellationToken ct)
    {
        if (tools.Network is { } network && pod.LauncherPid is { } pid)
        {
            await network.RevokeMigrationAsync(pid, ct);
        }
    }

    /// <summary>QEMU accepts swapped disks, other MACs and other CPU models without a word: this is where they are refused.</summary>
    private void Compare(VirtualMachineInstance vmi)
    {
        var record = vmi.Status?.Hardware ?? throw new MigrationException("status.hardware is missing: the guest's hardware was never recorded");
        var domain = Domain.Read(pod.Folder) ?? throw new MigrationException("the target's domain has disappeared");
        var differences = HardwareComparison.Compare(HardwareMapping.FromRecord(record), domain.Hardware);
        if (differences.Count > 0)
        {
            throw new MigrationException($"the target's hardware is not the guest's: {string.Join("; ", differences)}");
        }
    }

    private async Task AddTlsAsync(QmpClient qmp, string uid, MigrationCredentials credentials, CancellationToken ct)
    {
        credentials.Write(pod.Folder, uid, source: false);
        var objects = await qmp.ListObjectsAsync(ct);
        if (!objects.Contains(names.Tls))
        {
            await qmp.ObjectAddAsync(
                "tls-creds-x509",
                names.Tls,
                new JsonObject { ["dir"] = MigrationCredentials.FolderIn(pod.InnerFolder, uid), ["endpoint"] = "server", ["verify-peer"] = true },
                ct);
        }

        if (!objects.Contains(names.Authorization))
        {
            await qmp.ObjectAddAsync(
                "authz-simple", names.Authorization, new JsonObject { ["identity"] = credentials.SourceIdentity() }, ct);
        }
    }

    private async Task OpenExportsAsync(QmpClient qmp, string address, bool tls, CancellationToken ct)
    {
        var open = await qmp.QueryBlockExportsAsync(ct);
        if (open.Length == 0)
        {
            try
            {
                await qmp.NbdServerStartAsync(address, pod.BlockPort, tls ? names.Tls : null, tls ? names.Authorization : null, ct);
            }
            catch (QmpException e) when (e.Description.Contains("already running", StringComparison.Ordinal))
            {
                // Begun before a restart of ours.
            }
        }

        foreach (var disk in Disks.Where(d => open.All(e => e.NodeName != d.NodeName)))
        {
            await qmp.BlockExportAddAsync($"export-{disk.NodeName}", disk.NodeName, writable: true, ct);
        }
    }
}

using System.Collections.Concurrent;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// The node's part in migrations. Call <see cref="ReconcileAsync"/> for every launcher pod of this node whenever its VMI
/// changes (and once after a start): the work goes on in the background, woken by QEMU's events and by these calls.
/// Call <see cref="ForgetAsync"/> when a pod is gone.
/// </summary>
public sealed class MigrationReconciler(
    Func<NamespacedName, IMigrationRecord> records, MigrationTools tools, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, PodSession> _sessions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The role that <paramref name="podUid"/> has in the migration of <paramref name="vmi"/>, running or ended.</summary>
    public static MigrationRole RoleOf(VirtualMachineInstance vmi, string podUid) => vmi.Migration() switch
    {
        { MigrationUid: { Length: > 0 }, SourcePodUID: { } source } when source == podUid => MigrationRole.Source,
        { MigrationUid: { Length: > 0 }, TargetPodUID: { } target } when target == podUid => MigrationRole.Target,
        _ => MigrationRole.None,
    };

    /// <summary>
    /// Looks after the pod's part in a migration, and tells it. Returns at once. A pod with a role in a migration that has not
    /// ended belongs to this class: leave its QEMU alone, except for the source's guest being watched as ever.
    /// </summary>
    public Task<MigrationRole> ReconcileAsync(VirtualMachineInstance vmi, LocalPod pod, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var role = RoleOf(vmi, pod.Uid);
        if (role != MigrationRole.None && !string.IsNullOrEmpty(vmi.Status?.OwnerPodUID))
        {
            var session = _sessions.GetOrAdd(pod.Uid, static (_, args) => args.Owner.Open(args.vmi, args.pod), (Owner: this, vmi, pod));
            session.Update(vmi, pod);
        }
        else if (_sessions.TryGetValue(pod.Uid, out var session))
        {
            // The record has gone on to something else: the driver has to learn of it.
            session.Update(vmi, pod);
        }

        return Task.FromResult(role);
    }

    /// <summary>
    /// Gives news of a VMI to the work that is going on for it, at once: between commit and release the guest stands still, and
    /// must not wait for a turn in a queue.
    /// </summary>
    public void Notice(VirtualMachineInstance vmi)
    {
        if (vmi.Status?.MigrationState is not { } state)
        {
            return;
        }

        foreach (var podUid in (ReadOnlySpan<string?>)[state.TargetPodUID, state.SourcePodUID])
        {
            if (podUid is not null && _sessions.TryGetValue(podUid, out var session))
            {
                session.Update(vmi);
            }
        }
    }

    /// <summary>Ends the work for a pod that is gone.</summary>
    public async Task ForgetAsync(string podUid)
    {
        if (_sessions.TryRemove(podUid, out var session))
        {
            await session.DisposeAsync();
        }
    }

    /// <summary>Stops all work where it stands; another process takes it up from the record and from QEMU.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var session in _sessions.Values)
        {
            await session.DisposeAsync();
        }

        _stop.Dispose();
    }

    private PodSession Open(VirtualMachineInstance vmi, LocalPod pod)
    {
        var key = new NamespacedName(vmi.Metadata.Namespace ?? "", vmi.Metadata.Name ?? "");
        return new PodSession(
            pod, new RecordKeeper(records(key), vmi, time), tools, loggers.CreateLogger(typeof(MigrationReconciler).FullName!), time, _stop.Token);
    }
}

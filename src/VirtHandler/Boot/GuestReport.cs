using System.Text.Json;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Agents;
using Godwit.VirtHandler.Disks;

namespace Godwit.VirtHandler.Boot;

/// <summary>The VMI with the status that the facts ask for. Pure; equal in all parts when there is nothing to write.</summary>
public static class GuestReport
{
    /// <summary>Reason of the condition Synchronized when a guest cannot be made; KubeVirt's own words.</summary>
    public const string SyncFailedReason = "Synchronizing with the Domain failed.";

    private const string PausedByUserMessage = "VMI was paused by user";
    private const string PausedIoErrorMessage = "VMI was paused, low-level IO error detected";

    public static VirtualMachineInstance Apply(GuestFacts facts, string? phase)
    {
        var vmi = facts.Vmi;
        var status = vmi.Status!;
        if (phase is VmiPhases.Succeeded or VmiPhases.Failed)
        {
            return vmi with { Status = WithPhase(status, phase, facts.Now) };
        }

        // A guest on its way is told about by the migration; half of what QEMU says then would be wrong.
        if (vmi.IsMigrating())
        {
            return vmi;
        }

        var verdict = Judge(facts);
        var conditions = Judged(Paused(status, facts.Guest?.RunState, facts.Now), vmi, verdict).Without(Conditions.Synchronized);
        if (facts.SoftwareEmulation is { } emulation)
        {
            conditions = conditions.With(Conditions.SoftwareEmulation, status: true, facts.Now, "KVMNotAvailable", emulation);
        }

        conditions = facts.Agent is null
            ? conditions.Without(Conditions.AgentConnected)
            : conditions.With(Conditions.AgentConnected, status: true, facts.Now);
        return vmi with
        {
            Status = WithPhase(status, phase ?? status.Phase!, facts.Now) with
            {
                Conditions = conditions,
                MigrationMethod = verdict.Method,
                Interfaces = AgentInterfaces.Merge(Interfaces(vmi, facts.Pod!), facts.Agent?.Interfaces ?? []),
                GuestOSInfo = facts.Agent switch
                {
                    null => null,
                    { Os: { } os } => JsonElement.Parse(AgentDocuments.Os(os).ToJsonString()),
                    // It is there, but has not told, or not again.
                    _ => status.GuestOSInfo,
                },
                CurrentCPUTopology = status.Hardware?.Vcpus ?? status.CurrentCPUTopology,
            },
        };
    }

    /// <summary>A word about a guest that is to move when its node is emptied and cannot; told when the verdict is news.</summary>
    public static GuestEvent? Pinned(VirtualMachineInstance before, VirtualMachineInstance after) =>
        after.Spec?.EvictionStrategy == EvictionStrategies.LiveMigrate
        && after.Status?.Conditions.Find(Conditions.LiveMigratable) is { Status: Conditions.False } condition
        && before.Status?.Conditions.Find(Conditions.LiveMigratable)?.Message != condition.Message
            ? new GuestEvent(
                EventReasons.Migrated,
                $"EvictionStrategy is set but vmi is not migratable; {condition.Message}",
                EventReasons.Warning)
            : null;

    /// <summary>The first boot's record: hardware, machine type, disks with their sizes. Written before the launcher gets its domain.</summary>
    public static VirtualMachineInstance Record(VirtualMachineInstance vmi, PreparedGuest guest)
    {
        var status = vmi.Status!;
        return vmi with
        {
            Status = status with
            {
                Hardware = status.Hardware ?? HardwareMapping.ToRecord(guest.Domain.Hardware),
                Machine = new MachineSpec { Type = guest.Domain.Hardware.MachineType },
                VolumeStatus = Volumes(vmi, guest.Disks),
                Conditions = status.Conditions is null ? null : status.Conditions.Without(Conditions.Synchronized),
            },
        };
    }

    /// <summary>
    /// The VMI with the word that its guest cannot be made, and why. Whether it could be moved is told all the same: who has
    /// to mend the spec learns everything at once.
    /// </summary>
    public static VirtualMachineInstance Fail(GuestFacts facts, string message)
    {
        var vmi = facts.Vmi;
        var verdict = Judge(facts);
        return vmi with
        {
            Status = vmi.Status! with
            {
                Conditions = Judged(vmi.Status.Conditions ?? [], vmi, verdict).With(Conditions.Synchronized, status: false, facts.Now, SyncFailedReason, message),
                MigrationMethod = verdict.Method,
            },
        };
    }

    private static MigratabilityVerdict Judge(GuestFacts facts) => Migratability.Judge(new MigratabilityFacts
    {
        Vmi = facts.Vmi,
        Cluster = facts.Cluster,
        ClaimAccessModes = facts.Volumes.AccessModes(),
        NodeKnowsHostModel = facts.NodeKnowsHostModel,
    });

    private static IReadOnlyList<Condition> Judged(IReadOnlyList<Condition> conditions, VirtualMachineInstance vmi, MigratabilityVerdict verdict)
    {
        var reservation = (vmi.Spec?.Domain?.Devices?.Disks ?? []).Any(disk => disk.Lun?.Reservation == true);
        return Replace(Replace(conditions, verdict.ToCondition()), verdict.ToStorageCondition(reservation));
    }

    /// <summary>The conditions with the word that the guest's user has paused it.</summary>
    public static IReadOnlyList<Condition> PausedByUser(IReadOnlyList<Condition>? conditions, DateTimeOffset now) =>
        conditions.With(Conditions.Paused, status: true, now, Reasons.PausedByUser, PausedByUserMessage);

    /// <summary>Whether a guest in that run state would be told to stand still, or to run, other than its record does.</summary>
    public static bool ChangesPause(VirtualMachineInstance vmi, string? runState) =>
        !vmi.IsMigrating()
        && Paused(vmi.Status!, runState, default).Find(Conditions.Paused)?.Reason != vmi.Status!.Conditions.Find(Conditions.Paused)?.Reason;

    // The conditions with the one that says why the guest stands still; without it when it does not.
    private static IReadOnlyList<Condition> Paused(VirtualMachineInstanceStatus status, string? runState, DateTimeOffset now) => runState switch
    {
        RunStates.Paused when IsHeldByMigration(status) => status.Conditions ?? [],
        RunStates.Paused or RunStates.Prelaunch => PausedByUser(status.Conditions, now),
        RunStates.IoError => status.Conditions.With(Conditions.Paused, status: true, now, Reasons.PausedIoError, PausedIoErrorMessage),
        _ => status.Conditions.Without(Conditions.Paused),
    };

    /// <summary>
    /// Between a migration's failure and the order that lets its guest go on, the guest stands still because the migration stopped
    /// it. Told as the user's pause that would come true: the migration lets nobody go on whom his user has paused.
    /// </summary>
    private static bool IsHeldByMigration(VirtualMachineInstanceStatus status) =>
        status.Conditions.Find(Conditions.Paused) is { Status: Conditions.True } paused
            ? paused.Reason == Reasons.PausedByMigrationMonitor
            : status.MigrationState?.Failed == true;

    private static VirtualMachineInstanceStatus WithPhase(VirtualMachineInstanceStatus status, string phase, DateTimeOffset now)
    {
        if (status.Phase == phase)
        {
            return status;
        }

        // Only the first time that a phase is entered counts.
        var transitions = status.PhaseTransitionTimestamps ?? [];
        return status with
        {
            Phase = phase,
            PhaseTransitionTimestamps = transitions.Any(transition => transition.Phase == phase)
                ? transitions
                : [.. transitions, new PhaseTransition { Phase = phase, PhaseTransitionTimestamp = Timestamps.Seconds(now) }],
        };
    }

    // These two conditions carry no times, as KubeVirt writes them.
    private static IReadOnlyList<Condition> Replace(IReadOnlyList<Condition> conditions, Condition fresh) =>
        conditions.Find(fresh.Type!) is { } old && old.Status == fresh.Status && old.Reason == fresh.Reason && old.Message == fresh.Message
            ? conditions
            : [.. conditions.Without(fresh.Type!), fresh];

    private static InterfaceStatus[] Interfaces(VirtualMachineInstance vmi, Pod pod)
    {
        var addresses = pod.Addresses();
        return
        [
            .. (vmi.Spec?.Domain?.Devices?.Interfaces ?? []).Select(card => new InterfaceStatus
            {
                Name = card.Name,
                IpAddress = addresses is [var first, ..] ? first : null,
                IpAddresses = addresses.Count > 0 ? addresses : null,
                Mac = RecordedMac(vmi, card),
                PodInterfaceName = Network.PodWiring.UplinkName,
                InfoSource = "domain",
                QueueCount = 1,
                LinkState = "up",
            }),
        ];
    }

    private static string? RecordedMac(VirtualMachineInstance vmi, Interface card)
    {
        var id = HardwareBuilder.NicId(card.Name!);
        return vmi.Status?.Hardware?.Devices?.FirstOrDefault(device => device.Id == id)?.Properties?.GetValueOrDefault("mac");
    }

    private static VolumeStatus[] Volumes(VirtualMachineInstance vmi, IReadOnlyList<DiskImage> images)
    {
        var letters = new Dictionary<string, int>(StringComparer.Ordinal);
        var disks = (vmi.Spec?.Domain?.Devices?.Disks ?? []).ToDictionary(disk => disk.Name!, StringComparer.Ordinal);
        return
        [
            .. images.Select(image =>
            {
                var old = vmi.Status?.VolumeStatus?.FirstOrDefault(status => status.Name == image.Volume) ?? new VolumeStatus { Name = image.Volume };
                return old with { Target = Target(disks[image.Volume]), Size = image.VirtualSize };
            }),
        ];

        string Target(Disk disk)
        {
            var prefix = (disk.Cdrom is not null ? disk.Cdrom.Bus ?? "sata" : disk.DiskDevice?.Bus ?? disk.Lun?.Bus ?? "virtio") == "virtio" ? "vd" : "sd";
            var index = letters.GetValueOrDefault(prefix);
            letters[prefix] = index + 1;
            return index < 26 ? $"{prefix}{(char)('a' + index)}" : $"{prefix}{(char)('a' + (index / 26) - 1)}{(char)('a' + (index % 26))}";
        }
    }
}

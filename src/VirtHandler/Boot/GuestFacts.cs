using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Agents;
using Godwit.VirtHandler.Disks;

namespace Godwit.VirtHandler.Boot;

/// <summary>All that is known about a VMI whose owner pod may be on this node.</summary>
public sealed record GuestFacts
{
    public required VirtualMachineInstance Vmi { get; init; }

    public required string Node { get; init; }

    /// <summary>The owner pod, if it is on this node and still in the API.</summary>
    public Pod? Pod { get; init; }

    /// <summary>The domain was given to the launcher.</summary>
    public bool HasDomain { get; init; }

    /// <summary>The domain is one that arrives by migration: only the migration may let it run.</summary>
    public bool Incoming { get; init; }

    /// <summary>One that arrives by migration was told to run, or may have been.</summary>
    public bool MayHaveRun { get; init; }

    public bool ShutdownRequested { get; init; }

    public LauncherStatus? Launcher { get; init; }

    public GuestState? Guest { get; init; }

    /// <summary>What the agent inside the guest tells; null when none is connected.</summary>
    public AgentReport? Agent { get; init; }

    public VolumeFacts Volumes { get; init; } = VolumeFacts.None;

    public ClusterConfiguration Cluster { get; init; } = ClusterConfiguration.Default;

    /// <summary>The node says which host model it has, so that a target can be compared with it.</summary>
    public bool NodeKnowsHostModel { get; init; } = true;

    public string? SoftwareEmulation { get; init; }

    public DateTimeOffset Now { get; init; }
}

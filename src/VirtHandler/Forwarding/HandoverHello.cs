namespace Godwit.VirtHandler.Forwarding;

/// <summary>The first word on a hand-over connection: who has flows for the guest that is about to arrive.</summary>
public sealed record HandoverHello
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required string MigrationUid { get; init; }

    public required string Pod { get; init; }

    public required string PodUid { get; init; }

    public required string PodIp { get; init; }

    /// <summary>MAC address of the caller's end of the tunnel.</summary>
    public required string Mac { get; init; }

    /// <summary>The tunnel that an earlier call of the same migration has made, to be gone on with; 0 where there is none.</summary>
    public int Vni { get; init; }

    /// <summary>Its pair of probe addresses.</summary>
    public int Probe { get; init; }

    /// <summary>The number of the caller's flows.</summary>
    public required int Mark { get; init; }

    /// <summary>The guest's address behind the masquerade.</summary>
    public required string Guest { get; init; }

    /// <summary>The largest packet that the tunnel is to take, bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>Pairs of probe addresses that the caller uses already.</summary>
    public IReadOnlyList<int> Avoid { get; init; } = [];

    /// <summary>Addresses of pods that the guest left before, and that forward to the caller now: they will call as well.</summary>
    public IReadOnlyList<string> Predecessors { get; init; } = [];
}

namespace Godwit.VirtHandler.Forwarding;

/// <summary>The answer to <see cref="HandoverHello"/>.</summary>
public sealed record HandoverWelcome
{
    /// <summary>Why not; null when the target's end of the tunnel is there.</summary>
    public string? Refusal { get; init; }

    public int Vni { get; init; }

    public int Probe { get; init; }

    /// <summary>MAC address of the target's end.</summary>
    public string Mac { get; init; } = "";

    public string PodUid { get; init; } = "";
}

namespace Godwit.Types;

/// <summary>Whether and how long connections that were made to a VM's old pod are carried to its new one; null means that nothing is said here.</summary>
public sealed record ConnectionForwarding : ApiPart
{
    /// <summary>False: what is open when the guest moves breaks, as in KubeVirt.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Seconds after which what is still open is ended; 1 to 86,400.</summary>
    public long? MaxSeconds { get; init; }

    /// <summary>Seconds that are left once the forwarder's node is to be emptied; 0 to 86,400.</summary>
    public long? DrainSeconds { get; init; }
}

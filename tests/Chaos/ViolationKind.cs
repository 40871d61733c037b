namespace Godwit.Chaos;

/// <summary>The promises that can be broken.</summary>
internal enum ViolationKind
{
    /// <summary>Two copies ran, or an old one came to life.</summary>
    DoubleRun,

    /// <summary>A guest is gone that no fault has ended, or it stands still.</summary>
    LostGuest,

    /// <summary>Memory or disk are not what the guest wrote, or its kernel broke.</summary>
    Mismatch,

    /// <summary>A guest was handed over though the abort of its migration stood on record.</summary>
    IgnoredAbort,

    /// <summary>A process, pod or object is left.</summary>
    Leftover,

    /// <summary>A migration did not end, or the cluster did not come to rest.</summary>
    Stuck,
}

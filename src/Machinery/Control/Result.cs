namespace Godwit.Machinery;

/// <summary>How a reconcile ended when nothing went wrong.</summary>
public readonly record struct Result
{
    private Result(TimeSpan? requeueAfter) => RequeueAfter = requeueAfter;

    /// <summary>When to look again though nothing may have changed; null: only when something did.</summary>
    public TimeSpan? RequeueAfter { get; }

    /// <summary>All is as it should be, or something that we watch will change.</summary>
    public static Result Done { get; }

    /// <summary>Look again after this time at the latest.</summary>
    public static Result After(TimeSpan delay) => new(delay);

    /// <summary>The earlier of two.</summary>
    public static Result Earlier(Result left, Result right) => (left.RequeueAfter, right.RequeueAfter) switch
    {
        (null, _) => right,
        (_, null) => left,
        ({ } l, { } r) => l <= r ? left : right,
    };
}

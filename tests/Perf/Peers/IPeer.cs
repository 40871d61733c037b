namespace Godwit.Perf.Peers;

/// <summary>A driver of migrations with a guest of its own; the guests of all are alike.</summary>
internal interface IPeer : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Lets its guest count and rewrite as the case says.</summary>
    Task WakeAsync(MoveCase what, CancellationToken ct);

    /// <summary>Lets its guest do next to nothing, so that the machine is the others'.</summary>
    Task RestAsync(CancellationToken ct);

    /// <param name="what">How to move.</param>
    /// <param name="streams">Parallel streams where the driver is told; 0: none.</param>
    /// <param name="ct">Gives up; the guest is then of no use any more.</param>
    Task<PeerMove> MoveAsync(MoveCase what, int streams, CancellationToken ct);
}

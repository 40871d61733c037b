namespace Godwit.Machinery;

/// <summary>
/// The start of a process that reads many objects: when all its caches have their first lists, the room that those took is given back.
/// Their documents are large and dead at once, but the collector sees no need and would keep that room for as long as the process lives.
/// </summary>
/// <param name="synced">Waits for each cache.</param>
/// <param name="objects">How many objects are cached.</param>
public sealed class CacheFilling(IReadOnlyList<Func<CancellationToken, Task>> synced, Func<int> objects)
{
    /// <summary>Fewer leave nothing behind that is worth a pause.</summary>
    private const int Many = 1000;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for the caches, once; the work is to begin after it, so that it holds up nobody.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await Task.WhenAll(synced.Select(wait => wait(ct)));
        if (objects() >= Many)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        _done.TrySetResult();
    }

    /// <summary>Waits until the caches are filled and the room is given back.</summary>
    public Task WaitAsync(CancellationToken ct) => _done.Task.WaitAsync(ct);
}

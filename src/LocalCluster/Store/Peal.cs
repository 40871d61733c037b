namespace Godwit.LocalCluster.Store;

/// <summary>
/// Rings the bells of a resource one after the other, each in a turn of its own: what the first woken watchers have to send goes out
/// before the last ones are woken, and not after all of them have been.
/// </summary>
internal sealed class Peal(TaskCompletionSource?[] bells) : IThreadPoolWorkItem
{
    private int _next;

    /// <summary>Rings the next bell that somebody sleeps by.</summary>
    public void Execute()
    {
        while (_next < bells.Length && bells[_next] is null)
        {
            _next++;
        }

        if (_next == bells.Length)
        {
            return;
        }

        var bell = bells[_next++]!;
        bell.TrySetResult();
        if (_next < bells.Length)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// Bytes a second over the last few seconds. A copy under a bandwidth limit comes in gusts: between two samples there is
/// nothing or a whole chunk, and either alone would be told as the speed.
/// </summary>
public sealed class TransferRate
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ShortestSpan = TimeSpan.FromMilliseconds(500);

    private readonly Queue<(TimeSpan At, long Bytes)> _seen = new();

    /// <summary>Takes how many bytes have gone over in all; null until enough time has been seen.</summary>
    public long? Take(TimeSpan at, long bytes)
    {
        // Counters of a finished job or a new attempt start lower: what was seen before is of no use then.
        if (_seen.Count > 0 && bytes < _seen.Last().Bytes)
        {
            _seen.Clear();
        }

        _seen.Enqueue((at, bytes));
        while (_seen.Count > 2 && at - _seen.ElementAt(1).At >= Window)
        {
            _seen.Dequeue();
        }

        var (since, before) = _seen.Peek();
        return at - since >= ShortestSpan ? (long)((bytes - before) / (at - since).TotalSeconds) : null;
    }
}

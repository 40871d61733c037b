namespace Godwit.VirtHandler.Migration;

/// <summary>How long the API server's last answers took, as the one who asked felt it: a busy node's own delays are in it. For any thread.</summary>
internal sealed class AnswerTimes
{
    private const int Kept = 8;

    /// <summary>What takes longer is an outage, which says nothing about the next answer.</summary>
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Queue<TimeSpan> _last = new(Kept);

    /// <summary>The slowest of the last; zero where none is known.</summary>
    public TimeSpan Slowest
    {
        get
        {
            lock (_lock)
            {
                return _last.Count > 0 ? _last.Max() : TimeSpan.Zero;
            }
        }
    }

    public void Note(TimeSpan took)
    {
        if (took > Outage)
        {
            return;
        }

        lock (_lock)
        {
            if (_last.Count == Kept)
            {
                _last.Dequeue();
            }

            _last.Enqueue(took);
        }
    }
}

using System.Diagnostics;

namespace Godwit.Perf.Peers;

/// <summary>When the ticks of one guest arrived, from whichever of its consoles.</summary>
internal sealed class GuestTicks
{
    private readonly Lock _lock = new();
    private readonly List<(long At, long Number)> _seen = [];
    private readonly List<string> _problems = [];

    /// <summary>Memory that was not as the guest had left it, and counts that went back.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_lock)
            {
                return [.. _problems];
            }
        }
    }

    public void Restart()
    {
        lock (_lock)
        {
            // The last one stays: a gap may begin with it.
            _seen.RemoveRange(0, Math.Max(0, _seen.Count - 1));
        }
    }

    public void Add(long at, long number)
    {
        lock (_lock)
        {
            if (_seen.Count > 0 && number <= _seen[^1].Number)
            {
                _problems.Add($"the guest's count went from {_seen[^1].Number} back to {number}");
            }

            _seen.Add((at, number));
        }
    }

    public void Broken(string line)
    {
        lock (_lock)
        {
            _problems.Add(line);
        }
    }

    /// <summary>Milliseconds without a tick, at most, since the last restart; NaN when there was none.</summary>
    public double LongestGapMs()
    {
        lock (_lock)
        {
            return _seen.Count < 2
                ? double.NaN
                : _seen.Zip(_seen.Skip(1), static (a, b) => Stopwatch.GetElapsedTime(a.At, b.At).TotalMilliseconds).Max();
        }
    }
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Godwit.Cli.Demo;

/// <summary>
/// The demo guest's serial console over all pods that it has lived in, read as one text. The guest counts ticks, so a
/// lost one, a doubled one and a pause can be seen from outside. A line may begin in one pod's log and end in the next's.
/// </summary>
public sealed partial class GuestConsole
{
    /// <summary>Lines that a hole shows at most.</summary>
    private const int MostLines = 5;

    private readonly List<(long Number, DateTimeOffset Time)> _ticks = [];

    private GuestConsole()
    {
    }

    public long Ticks => _ticks.Count;

    /// <summary>Numbers that never came between the first tick and the last.</summary>
    public long LostTicks { get; private set; }

    /// <summary>Numbers that came twice or went back: two copies of the guest ran, or an old one came to life.</summary>
    public long RepeatedTicks { get; private set; }

    /// <summary>For each place where ticks are missing: the tick before, what was read between, the tick after.</summary>
    public IReadOnlyList<string> Holes { get; private set; } = [];

    public long MemoryErrors { get; private set; }

    public long DiskErrors { get; private set; }

    /// <summary>Lines of a kernel that has died.</summary>
    public IReadOnlyList<string> Crashes { get; private set; } = [];

    /// <summary>Reads the logs of the pods in the order in which the guest lived in them.</summary>
    public static GuestConsole Read(IReadOnlyList<IReadOnlyList<ConsoleLine>> pods)
    {
        var console = new GuestConsole();
        var crashes = new List<string>();
        var holes = new List<string>();
        var between = new List<string>();
        long? last = null;
        var ending = false;
        foreach (var line in Join(pods))
        {
            var text = line.Text;
            if (TickPattern().Match(text) is { Success: true } tick)
            {
                var number = long.Parse(tick.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
                if (last is { } previous)
                {
                    console.LostTicks += Math.Max(0, number - previous - 1);
                    console.RepeatedTicks += number <= previous ? 1 : 0;
                    if (number - previous > 1)
                    {
                        holes.Add($"T {previous} | {string.Concat(between.TakeLast(MostLines).Select(static l => l + " | "))}T {number}");
                    }
                }

                between.Clear();
                last = Math.Max(last ?? number, number);
                console._ticks.Add((number, line.Time));
                continue;
            }

            between.Add(text);
            if (text.Contains("CORRUPT mem", StringComparison.Ordinal))
            {
                console.MemoryErrors++;
            }
            else if (text.Contains("CORRUPT disk", StringComparison.Ordinal) || (!ending && text.Contains("ERR disk", StringComparison.Ordinal)))
            {
                console.DiskErrors++;
            }
            else if (text is "POWEROFF" or "MG START")
            {
                // A kernel that goes down takes the disk away while the guest still writes to it.
                ending = text == "POWEROFF";
            }
            else if (CrashPattern().IsMatch(text))
            {
                crashes.Add(text);
            }
        }

        console.Crashes = crashes;
        console.Holes = holes;
        return console;
    }

    /// <summary>The largest gap between two ticks of which at least a part lies between the two times.</summary>
    public TimeSpan LargestGap(DateTimeOffset from, DateTimeOffset to)
    {
        var largest = TimeSpan.Zero;
        for (var i = 1; i < _ticks.Count; i++)
        {
            var gap = _ticks[i].Time - _ticks[i - 1].Time;
            if (gap > largest && _ticks[i].Time >= from && _ticks[i - 1].Time <= to)
            {
                largest = gap;
            }
        }

        return largest;
    }

    /// <summary>All lines as one text: the broken end of one pod's log and the beginning of the next's make one line.</summary>
    public static IEnumerable<ConsoleLine> Join(IReadOnlyList<IReadOnlyList<ConsoleLine>> pods)
    {
        ConsoleLine? broken = null;
        foreach (var pod in pods)
        {
            var lines = pod.Select(GuestPart).OfType<ConsoleLine>().ToArray();
            for (var i = 0; i < lines.Length; i++)
            {
                var line = lines[i];
                if (broken is { } begun)
                {
                    // A log may show the broken end as a line of its own, so a tick that is not whole counts as broken too.
                    line = begun.Ended && TickPattern().IsMatch(line.Text) ? line : line with { Text = begun.Text + line.Text };
                    broken = null;
                }

                if (!line.Ended || (i == lines.Length - 1 && IsBrokenTick(line.Text)))
                {
                    broken = line;
                    continue;
                }

                yield return line;
            }
        }

        if (broken is { } rest)
        {
            yield return rest;
        }
    }

    /// <summary>
    /// A pod's log holds what the launcher and QEMU say too, also in the middle of a line that the guest has not ended yet.
    /// Null where nothing of the line is the guest's.
    /// </summary>
    private static ConsoleLine? GuestPart(ConsoleLine line)
    {
        var other = OthersPattern().Match(line.Text);
        return !other.Success ? line
            : other.Index == 0 ? null
            : line with { Text = line.Text[..other.Index], Ended = false };
    }

    private static bool IsBrokenTick(string text) => text.StartsWith('T') && !TickPattern().IsMatch(text);

    [GeneratedRegex(@"^T (?<number>\d+) \d+ \d+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TickPattern();

    [GeneratedRegex(@"virt-launcher: |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ", RegexOptions.None, 1000)]
    private static partial Regex OthersPattern();

    [GeneratedRegex(@"Kernel panic|BUG:|general protection|Oops:", RegexOptions.None, 1000)]
    private static partial Regex CrashPattern();
}

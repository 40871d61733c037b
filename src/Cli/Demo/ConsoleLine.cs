namespace Godwit.Cli.Demo;

/// <summary>One line of a pod's log: when it was written, what it says, and whether it was ended.</summary>
public readonly record struct ConsoleLine(DateTimeOffset Time, string Text, bool Ended)
{
    /// <summary>Reads a log line with its time in front; a line without one gets the time of the line before.</summary>
    public static ConsoleLine Parse(string line, bool ended, DateTimeOffset before)
    {
        var blank = line.IndexOf(' ');
        return blank > 0 && line[0] is >= '0' and <= '9' && line.AsSpan(0, blank).Contains('T') && DateTimeOffset.TryParse(line.AsSpan(0, blank), out var time)
            ? new(time, line[(blank + 1)..].TrimEnd('\r'), ended)
            : new(before, line.TrimEnd('\r'), ended);
    }
}

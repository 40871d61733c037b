using System.Globalization;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>One line of a container's log file: time, stream, whether the program's own line ends here, text.</summary>
public readonly record struct CriLogLine(string Timestamp, string Stream, bool IsFull, string Text)
{
    public DateTimeOffset Time => DateTimeOffset.TryParse(Timestamp, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : DateTimeOffset.MinValue;

    /// <summary>Null for what is no such line.</summary>
    public static CriLogLine? TryParse(string line)
    {
        var first = line.IndexOf(' ');
        var second = first < 0 ? -1 : line.IndexOf(' ', first + 1);
        if (second < 0 || line.Length < second + 2)
        {
            return null;
        }
        var tag = line[second + 1];
        var text = line.Length > second + 3 ? line[(second + 3)..] : "";
        return new CriLogLine(line[..first], line[(first + 1)..second], tag == 'F', text);
    }
}

using System.Text;
using System.Text.RegularExpressions;

namespace Godwit.VirtLauncher;

/// <summary>
/// What the launcher and QEMU say, beside the guest's console in the pod's log. A message may come to stand in the middle of a
/// line of the guest's, so each of its lines begins with what tells it from the guest's words, and is written in one piece.
/// </summary>
internal static partial class ErrorOutput
{
    private const string Ours = "virt-launcher: ";
    private const string Qemus = Ours + "QEMU: ";
    private static readonly Stream Stream = Console.OpenStandardError();

    /// <summary>Says something of the launcher's own.</summary>
    public static void Say(string message) => Write(OfLauncher(message));

    /// <summary>Passes on what QEMU has said: lines that have ended, or the last one.</summary>
    public static void PassOn(ReadOnlySpan<byte> lines)
    {
        if (!lines.IsEmpty)
        {
            Write(OfQemu(Encoding.UTF8.GetString(lines)));
        }
    }

    /// <summary>The launcher's mark before each line.</summary>
    internal static string OfLauncher(string message) => Marked(message, static _ => Ours);

    /// <summary>QEMU begins its messages with the time (<c>-msg timestamp=on</c>), but not the hints to them: those get a mark.</summary>
    internal static string OfQemu(string lines) => Marked(lines, static line => StampPattern().IsMatch(line) ? "" : Qemus);

    private static string Marked(string message, Func<string, string> mark) =>
        string.Concat(message.TrimEnd('\n').Split('\n').Select(line => $"{mark(line)}{line}\n"));

    private static void Write(string text)
    {
        // Not by Console.Error, which cuts what is longer than its buffer of 256 characters into several writes.
        Stream.Write(Encoding.UTF8.GetBytes(text));
        Stream.Flush();
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ", RegexOptions.None, 1000)]
    private static partial Regex StampPattern();
}

namespace Godwit.LocalCluster.Kubelet;

/// <summary>The last word of a container: what it wrote to its termination file, else (if asked for) the end of its log.</summary>
internal static class TerminationMessage
{
    private const int MaxBytes = 4096;
    private const int MaxLogBytes = 2048;
    private const int MaxLogLines = 80;

    public static string? Read(ContainerRecord record, int exitCode)
    {
        if (record.TerminationMessageFile is { } file && File.Exists(file) && new FileInfo(file).Length > 0)
        {
            using var stream = File.OpenRead(file);
            var buffer = new byte[MaxBytes];
            var n = stream.ReadAtLeast(buffer, MaxBytes, throwOnEndOfStream: false);
            return System.Text.Encoding.UTF8.GetString(buffer, 0, n);
        }
        if (record.TerminationMessagePolicy == "FallbackToLogsOnError" && exitCode != 0 && File.Exists(record.LogPath))
        {
            var lines = File.ReadLines(record.LogPath).TakeLast(MaxLogLines).Select(l => CriLogLine.TryParse(l)?.Text ?? "");
            var text = string.Join('\n', lines);
            return text.Length <= MaxLogBytes ? text : text[^MaxLogBytes..];
        }
        return null;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Godwit.Perf.Api;

/// <summary>
/// Many watchers, each with a connection and a thread of its own, in a process that does nothing else, so that their waits hold no
/// other's garbage collection and no queue of a thread pool. The clock is the machine's, the same in all processes.
/// </summary>
internal static class Watchers
{
    /// <summary>The word by which this program is asked to be such a process.</summary>
    public const string Word = "watchers";

    private const string Ready = "ready";

    /// <summary>What the process does: <c>KUBECONFIG PATH COUNT EVENTS</c>. Says when all watch, then who received what when.</summary>
    public static int Run(string[] words)
    {
        var (path, count, events) = (words[1], int.Parse(words[2], CultureInfo.InvariantCulture), int.Parse(words[3], CultureInfo.InvariantCulture));
        using var credentials = new LeanCredentials(words[0]);
        var receipts = new (string Name, long At)[count][];
        var threads = new List<Thread>();
        using var watching = new CountdownEvent(count);
        for (var i = 0; i < count; i++)
        {
            var connection = LeanConnection.Open(credentials);
            connection.Ask(path);
            var mine = receipts[i] = new (string, long)[events];
            var thread = new Thread(() =>
            {
                using (connection)
                {
                    watching.Signal();
                    Receive(connection, mine);
                }
            }, maxStackSize: 256 * 1024);
            thread.Start();
            threads.Add(thread);
        }

        watching.Wait();
        Console.Out.WriteLine(Ready);
        threads.ForEach(static t => t.Join());
        foreach (var (name, at) in receipts.SelectMany(static r => r))
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {at}"));
        }

        return 0;
    }

    /// <summary>Starts the process and waits until all watch.</summary>
    public static async Task<Process> StartAsync(string kubeconfig, string path, int count, int events, CancellationToken ct)
    {
        var process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath!,
            [Word, kubeconfig, path, count.ToString(CultureInfo.InvariantCulture), events.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var said = await process.StandardOutput.ReadLineAsync(ct);
        return said == Ready ? process : throw new InvalidOperationException($"the watchers' process said {said ?? "nothing"} instead of {Ready}");
    }

    /// <summary>All receipts, once every watcher has seen everything: name of the object and time stamp.</summary>
    public static async Task<IReadOnlyList<(string Name, long At)>> ReceiptsAsync(Process process, CancellationToken ct)
    {
        var all = new List<(string, long)>();
        while (await process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            var parts = line.Split(' ');
            all.Add((parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture)));
        }

        await process.WaitForExitAsync(ct);
        return process.ExitCode == 0 ? all : throw new InvalidOperationException($"the watchers' process ended with {process.ExitCode}");
    }

    // A line may come in bits; the time is that of its last one.
    private static void Receive(LeanConnection connection, (string Name, long At)[] receipts)
    {
        const byte LineEnd = (byte)'\n';
        var line = new byte[64 * 1024];
        for (int seen = 0, length = 0; seen < receipts.Length;)
        {
            var bytes = connection.ReadData(out var last);
            var now = Stopwatch.GetTimestamp();
            while (bytes.IndexOf(LineEnd) is var end and >= 0 && seen < receipts.Length)
            {
                bytes[..end].CopyTo(line.AsSpan(length));
                receipts[seen++] = (Name(line.AsSpan(0, length + end)), now);
                bytes = bytes[(end + 1)..];
                length = 0;
            }

            bytes.CopyTo(line.AsSpan(length));
            length += bytes.Length;
            if (last && seen < receipts.Length)
            {
                throw new IOException("the watch ended");
            }
        }
    }

    private static string Name(ReadOnlySpan<byte> line)
    {
        var mark = "\"name\":\""u8;
        var rest = line[(line.IndexOf(mark) + mark.Length)..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'"')]);
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Demo;

/// <summary>Reads the serial console of a VMI in all its launcher pods while the guest runs, each pod's log as it comes.</summary>
public sealed class ConsoleCollector(ApiClient api, TimeProvider clock)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);
    private readonly Lock _gate = new();
    private readonly List<(string Uid, List<ConsoleLine> Lines)> _pods = [];

    /// <summary>What was read so far, pod by pod in the order of their making.</summary>
    public IReadOnlyList<IReadOnlyList<ConsoleLine>> Pods
    {
        get
        {
            lock (_gate)
            {
                return [.. _pods.Select(static p => p.Lines.ToArray())];
            }
        }
    }

    /// <summary>Whether any pod's log holds the text.</summary>
    public bool Shows(string text)
    {
        lock (_gate)
        {
            return _pods.Exists(p => p.Lines.Exists(l => l.Text.Contains(text, StringComparison.Ordinal)));
        }
    }

    /// <summary>Collects until it is cancelled.</summary>
    public async Task RunAsync(JsonObject vmi, CancellationToken ct)
    {
        var readers = new List<Task>();
        try
        {
            while (true)
            {
                try
                {
                    foreach (var pod in await api.LauncherPodsAsync(vmi, ct))
                    {
                        if (pod.Text("status", "phase") is null or PodPhases.Pending || _pods.Exists(p => p.Uid == pod.Uid()))
                        {
                            continue;
                        }

                        var lines = new List<ConsoleLine>();
                        lock (_gate)
                        {
                            _pods.Add((pod.Uid(), lines));
                        }

                        readers.Add(ReadAsync(pod.Key(), lines, ct));
                    }
                }
                catch (ApiException e) when (e.IsUnreachable || e.Code >= 500)
                {
                    // The API server restarts; what it has not told yet it tells later.
                }

                if (readers.Find(static r => r.IsFaulted) is { } failed)
                {
                    // Nobody would know why a guest has gone silent.
                    await failed;
                }

                await Task.Delay(Retry, clock, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Task.WhenAll(readers);
        }
    }

    private async Task ReadAsync(NamespacedName pod, List<ConsoleLine> lines, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await using var stream = await api.PodLogsAsync(pod, new() { Container = Launcher.Container, Follow = true, Timestamps = true }, ct);
                await CopyAsync(stream, lines, skip: WholeLines(lines), ct);
                if (!await IsAliveAsync(pod, ct))
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                return;
            }
            catch (Exception e) when (e is ApiException or IOException or HttpRequestException)
            {
                // Broken off, as a log also is that ends while its pod lives.
            }

            await Task.Delay(Retry, clock, CancellationToken.None);
        }
    }

    private async Task<bool> IsAliveAsync(NamespacedName pod, CancellationToken ct) =>
        await api.TryGetAsync(Kinds.Pod, pod, ct) is { } read && read.Text("status", "phase") is not (PodPhases.Succeeded or PodPhases.Failed);

    /// <summary>
    /// How many lines are known, when the log is read from its beginning again; one that was not whole is dropped, for it comes again.
    /// </summary>
    private int WholeLines(List<ConsoleLine> lines)
    {
        lock (_gate)
        {
            if (lines is [.., { Ended: false }])
            {
                lines.RemoveAt(lines.Count - 1);
            }

            return lines.Count;
        }
    }

    private async Task CopyAsync(Stream stream, List<ConsoleLine> lines, int skip, CancellationToken ct)
    {
        var buffer = new byte[32 * 1024];
        var begun = new StringBuilder();
        var time = DateTimeOffset.MinValue;
        while (await stream.ReadAsync(buffer, ct) is var count and > 0)
        {
            var text = Encoding.Latin1.GetString(buffer, 0, count);
            for (var start = 0; start < text.Length;)
            {
                var end = text.IndexOf('\n', start);
                if (end < 0)
                {
                    begun.Append(text, start, text.Length - start);
                    break;
                }

                begun.Append(text, start, end - start);
                Add(ended: true);
                start = end + 1;
            }
        }

        if (begun.Length > 0)
        {
            Add(ended: false);
        }

        void Add(bool ended)
        {
            var line = ConsoleLine.Parse(begun.ToString(), ended, time);
            begun.Clear();
            time = line.Time;
            if (skip-- > 0)
            {
                return;
            }

            lock (_gate)
            {
                lines.Add(line);
            }
        }
    }
}

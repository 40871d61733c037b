using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Runs containers by conmon and runc. Each container has a conmon of its own, which outlives this process, keeps its log
/// and leaves its exit code in a file; so nothing about a container is known only in memory.
/// </summary>
public sealed class ContainerRuntime(HostTools tools, KubeletPaths paths, TimeProvider time)
{
    private const string Runc = "/usr/sbin/runc";
    private const string RecordFile = "record.json";

    /// <summary>A kubelet's <c>containerLogMaxSize</c> unless it is told otherwise. What was logged before is gone then, as it is for <c>kubectl logs</c>.</summary>
    private const string MaxLogBytes = "10485760";

    /// <summary>conmon answers on a descriptor named by the environment; a shell can hand it its own standard output as that.</summary>
    private const string WithSyncPipe = "d=$1; shift; _OCI_SYNCPIPE=3 exec conmon \"$@\" 3>&1 >/dev/null 2>\"$d/conmon.log\"";

    /// <summary>All records of the node, newest run of each container last.</summary>
    public IEnumerable<ContainerRecord> Records()
    {
        if (!Directory.Exists(paths.Containers))
        {
            return [];
        }
        return Directory.EnumerateDirectories(paths.Containers)
            .Select(d => StateFile.TryRead(Path.Combine(d, RecordFile), KubeletJson.Default.ContainerRecord))
            .OfType<ContainerRecord>()
            .OrderBy(r => r.Attempt);
    }

    public void Save(ContainerRecord record) =>
        StateFile.Write(Path.Combine(paths.Container(record.Id), RecordFile), record, KubeletJson.Default.ContainerRecord);

    /// <summary>Makes the container, its process held before the first instruction of the user's program.</summary>
    public async Task<ContainerRecord> CreateAsync(ContainerRecord record, JsonObject spec, bool tty, CancellationToken cancellation)
    {
        var folder = paths.Container(record.Id);
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(paths.Exits);
        Directory.CreateDirectory(paths.Sockets);
        Directory.CreateDirectory(Path.GetDirectoryName(record.LogPath)!);
        File.Delete(Path.Combine(paths.Exits, record.Id));
        await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), spec.ToJsonString(), cancellation);
        Save(record);
        var pidFile = Path.Combine(folder, "pid");
        List<string> arguments =
        [
            "-c", WithSyncPipe, "conmon", folder,
            "-c", record.Id, "-u", record.Id, "-n", $"{record.Namespace}_{record.Pod}_{record.Name}",
            "-b", folder, "-p", pidFile, "-P", Path.Combine(folder, "conmon.pid"),
            "-l", $"k8s-file:{record.LogPath}", "--log-size-max", MaxLogBytes, "--exit-dir", paths.Exits, "--persist-dir", folder,
            "--socket-dir-path", paths.Sockets, "--full-attach", "-r", Runc, "--runtime-arg", $"--root={paths.RuncRoot}",
        ];
        if (tty)
        {
            arguments.Add("-t");
        }
        var answer = await tools.FirstLineAsync("/bin/sh", arguments, cancellation);
        var pid = PidIn(answer);
        if (pid <= 0)
        {
            throw new ContainerRuntimeException(MessageIn(answer) ?? await ErrorFileAsync(folder, cancellation));
        }
        var created = record with { Pid = pid, PidStartTime = ProcessTable.StartTime(pid) ?? 0 };
        Save(created);
        return created;
    }

    /// <summary>Lets the created container run.</summary>
    public async Task<ContainerRecord> StartAsync(ContainerRecord record, CancellationToken cancellation)
    {
        var started = record with { StartedAt = time.GetUtcNow() };
        Save(started);
        try
        {
            await RuncAsync(["start", record.Id], cancellation);
        }
        catch (HostToolException e)
        {
            throw new ContainerRuntimeException(Tidy(e.StandardError));
        }
        return started;
    }

    /// <summary>Sends a signal; a container that has ended already is no error.</summary>
    public Task SignalAsync(ContainerRecord record, string signal, CancellationToken cancellation) =>
        tools.TryRunAsync(Runc, [$"--root={paths.RuncRoot}", "kill", record.Id, signal], cancellation);

    /// <summary>Takes away the runtime's state of an ended container (and ends it if it has not); the record stays.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellation)
    {
        var result = await tools.TryRunAsync(Runc, [$"--root={paths.RuncRoot}", "delete", "--force", id], cancellation);
        if (!result.Succeeded && !result.Error.Contains("does not exist", StringComparison.Ordinal))
        {
            throw new ContainerRuntimeException(Tidy(result.Error));
        }
        await EndConmonAsync(id, cancellation);
    }

    /// <summary>Runs a command in a container.</summary>
    public async Task<ToolResult> ExecAsync(ContainerRecord record, IReadOnlyList<string> command, TimeSpan deadline, CancellationToken cancellation)
    {
        var pidFile = Path.Combine(paths.Container(record.Id), $"exec-{Guid.NewGuid():N}.pid");
        try
        {
            return await tools.TryRunAsync(
                Runc, [$"--root={paths.RuncRoot}", "exec", "--pid-file", pidFile, record.Id, .. command], cancellation, deadline: deadline);
        }
        catch (HostToolException e) when (e.ExitCode == -1)
        {
            // runc was ended, but what it started inside goes on.
            if (File.Exists(pidFile) && int.TryParse(await File.ReadAllTextAsync(pidFile, CancellationToken.None), out var pid))
            {
                await tools.TryRunAsync("kill", ["-KILL", $"{pid}"], CancellationToken.None);
            }
            throw;
        }
        finally
        {
            File.Delete(pidFile);
        }
    }

    /// <summary>Has conmon open its log file anew, after it was moved away.</summary>
    public async Task ReopenLogAsync(string id, CancellationToken cancellation)
    {
        var control = Path.Combine(paths.Container(id), "ctl");
        if (File.Exists(control))
        {
            // Opened for both ways: a fifo without a reader would otherwise block us.
            await using var fifo = new FileStream(control, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
            await fifo.WriteAsync("2 0 0\n"u8.ToArray(), cancellation);
        }
    }

    /// <summary>Whether nothing of the container has run: a kubelet was ended between its making and its start. One that is waiting for its start has a fifo.</summary>
    public bool NeverRan(ContainerRecord record) =>
        !record.IsFinished && (record.StartedAt is null || File.Exists(Path.Combine(paths.RuncRoot, record.Id, "exec.fifo")));

    /// <summary>Notes the end of a container that has ended; the record as it was when it still runs.</summary>
    public ContainerRecord Refresh(ContainerRecord record)
    {
        if (record.IsFinished)
        {
            return record;
        }
        if (Ended(record) is { } ended)
        {
            return ended;
        }
        if (record.Pid > 0 && ProcessTable.StartTime(record.Pid) == record.PidStartTime)
        {
            return record;
        }
        // The process is gone, yet there is no word of its end. While conmon lives it will still come. conmon writes it and then
        // ends, so only a look taken after conmon was seen gone can say that there is none: it was killed, or the machine went down.
        if (ConmonLives(record.Id))
        {
            return record;
        }
        return Ended(record)
            ?? Finish(record, 255, "ContainerStatusUnknown", "The container ended while nobody watched it: its monitor was killed or the machine was restarted.", time.GetUtcNow());
    }

    /// <summary>The record with the end that conmon has told; null when it has told none.</summary>
    private ContainerRecord? Ended(ContainerRecord record)
    {
        var exit = Path.Combine(paths.Exits, record.Id);
        if (!File.Exists(exit) || !int.TryParse(File.ReadAllText(exit), out var code))
        {
            return null;
        }
        var oom = File.Exists(Path.Combine(paths.Container(record.Id), "oom"));
        return Finish(record, code, oom ? "OOMKilled" : code == 0 ? "Completed" : "Error", null, new DateTimeOffset(File.GetLastWriteTimeUtc(exit), TimeSpan.Zero));
    }

    private ContainerRecord Finish(ContainerRecord record, int code, string reason, string? message, DateTimeOffset at)
    {
        var finished = record with
        {
            StartedAt = record.StartedAt ?? at,
            FinishedAt = at,
            ExitCode = code,
            Reason = reason,
            Message = message ?? TerminationMessage.Read(record, code),
        };
        Save(finished);
        return finished;
    }

    private bool ConmonLives(string id) => LivingConmon(id) is not null;

    /// <summary>The process that watches a container; null when none lives.</summary>
    public int? LivingConmon(string id) =>
        File.Exists(Path.Combine(paths.Container(id), "conmon.pid"))
        && int.TryParse(File.ReadAllText(Path.Combine(paths.Container(id), "conmon.pid")), out var pid)
        && ProcessTable.Mentions(pid, id)
            ? pid
            : null;

    /// <summary>conmon ends by itself after its container; only one whose container never came to be would stay.</summary>
    private async Task EndConmonAsync(string id, CancellationToken cancellation)
    {
        if (!File.Exists(Path.Combine(paths.Exits, id)) && ConmonLives(id))
        {
            var pid = await File.ReadAllTextAsync(Path.Combine(paths.Container(id), "conmon.pid"), cancellation);
            await tools.TryRunAsync("kill", ["-KILL", pid.Trim()], cancellation);
        }
    }

    private Task<string> RuncAsync(IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        tools.RunAsync(Runc, [$"--root={paths.RuncRoot}", .. arguments], cancellation);

    private static int PidIn(string answer)
    {
        try
        {
            var json = answer.Length == 0 ? null : JsonNode.Parse(answer);
            return (int?)json?["pid"] ?? (int?)json?["data"] ?? -1;
        }
        catch (JsonException)
        {
            return -1;
        }
    }

    private static string? MessageIn(string answer)
    {
        try
        {
            var message = answer.Length == 0 ? null : (string?)JsonNode.Parse(answer)?["message"];
            return string.IsNullOrWhiteSpace(message) ? null : Tidy(message);
        }
        catch (JsonException)
        {
            return Tidy(answer);
        }
    }

    private static async Task<string> ErrorFileAsync(string folder, CancellationToken cancellation)
    {
        var log = Path.Combine(folder, "conmon.log");
        var text = File.Exists(log) ? await File.ReadAllTextAsync(log, cancellation) : "";
        return text.Trim().Length > 0 ? Tidy(text) : "conmon ended without an answer; is the Debian package conmon installed?";
    }

    private static string Tidy(string message)
    {
        var line = message.Trim().Split('\n')[^1];
        var at = line.IndexOf("msg=\"", StringComparison.Ordinal);
        return at < 0 ? line : line[(at + 5)..].TrimEnd('"').Replace("\\\"", "\"", StringComparison.Ordinal);
    }
}

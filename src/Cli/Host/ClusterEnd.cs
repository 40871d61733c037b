using Godwit.Cli.Output;

namespace Godwit.Cli.Host;

/// <summary>Ends a local cluster and takes away everything it made, also after a crash of any part.</summary>
public sealed class ClusterEnd(StateFolder state, TimeProvider clock)
{
    private static readonly TimeSpan SupervisorGrace = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ChildGrace = TimeSpan.FromSeconds(5);

    /// <summary>False when there was nothing to end.</summary>
    public async Task<bool> RunAsync(bool keepData, CancellationToken ct)
    {
        if (!Directory.Exists(state.Root))
        {
            return false;
        }

        var settings = state.ReadSettings();
        if (settings is null && Directory.EnumerateFileSystemEntries(state.Root).Any())
        {
            throw new CliException($"{state.Root} holds no cluster.json, so it is no cluster's folder; nothing was removed.", "Give the right --state folder.");
        }

        var processes = state.Processes();
        foreach (var record in processes.Where(static r => r.Name == Supervisor.Name))
        {
            await Termination.EndAsync(record, SupervisorGrace, clock);
        }

        foreach (var record in processes)
        {
            await Termination.EndAsync(record, ChildGrace, clock);
        }

        // From here on nobody else may start a cluster here.
        using (StateLock.Take(state))
        {
            if (settings is not null)
            {
                await CleanAsync(settings, ct);
            }

            RefuseIfMounted();
            foreach (var record in processes)
            {
                state.ForgetProcess(record.Name);
            }

            if (!keepData)
            {
                Directory.Delete(state.Root, recursive: true);
            }
        }

        return true;
    }

    private async Task CleanAsync(ClusterSettings settings, CancellationToken ct)
    {
        // The folder's settings may name a build that is gone; this one cleans as well.
        var daemon = new[] { settings.BinDir, AppContext.BaseDirectory }
            .Select(static dir => Path.Combine(dir, "godwitd")).FirstOrDefault(File.Exists)
            ?? throw new CliException("godwitd is missing, so pods, networks and mounts cannot be removed.", "Build again: remove artifacts/godwit and run ./godwit.");
        var (code, output, error) = await HostCommand.CaptureAsync(daemon, ["cluster-clean", "--state", state.Root], ct);
        if (code != 0)
        {
            throw new CliException(
                $"`godwitd cluster-clean` failed with exit code {code}: {(error + output).Trim()}", "Run `godwit down` again; what was removed stays removed.", ExitCodes.Failed);
        }

        if (output.Trim() is { Length: > 0 } text)
        {
            Say.Note(text);
        }
    }

    /// <summary>A bind mount of the host's own files may lie below: to delete through it would delete the host.</summary>
    private void RefuseIfMounted()
    {
        if (Mounts.Below(state.Root) is [var first, ..])
        {
            throw new CliException($"{first} is still mounted; the state folder is left as it is.", $"umount {first}, then run `godwit down` again.", ExitCodes.Failed);
        }
    }
}

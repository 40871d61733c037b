namespace Godwit.Cli.Host;

/// <summary>The lock on a state folder: held by its supervisor, gone with it however it ends.</summary>
public static class StateLock
{
    /// <summary>Takes the lock, or says who has it.</summary>
    public static IDisposable Take(StateFolder state)
    {
        Directory.CreateDirectory(state.Root);
        try
        {
            return new FileStream(state.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(state.LockFile))
        {
            var holder = state.ReadProcess(Supervisor.Name) is { } record ? $" by the supervisor with pid {record.Pid}" : "";
            throw new CliException(
                $"{state.Root} is in use{holder}.", $"End that cluster with `godwit down --state {state.Root}`, or give another --state folder.");
        }
    }

    /// <summary>Whether somebody holds the lock.</summary>
    public static bool IsHeld(StateFolder state)
    {
        if (!File.Exists(state.LockFile))
        {
            return false;
        }

        try
        {
            using var file = new FileStream(state.LockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}

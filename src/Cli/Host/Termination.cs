namespace Godwit.Cli.Host;

/// <summary>Ends processes by their recorded number, never by name.</summary>
public static class Termination
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(5);

    /// <summary>SIGTERM, then SIGKILL after the grace time; returns when the process is gone.</summary>
    public static async Task EndAsync(ProcessRecord record, TimeSpan grace, TimeProvider clock)
    {
        if (!ProcessTable.IsAlive(record))
        {
            return;
        }

        _ = Native.Kill(record.Pid, Native.SigTerm);
        if (await GoneAsync(record, grace, clock))
        {
            return;
        }

        _ = Native.Kill(record.Pid, Native.SigKill);
        if (!await GoneAsync(record, AfterKill, clock))
        {
            throw new CliException($"{record.Name} (pid {record.Pid}) does not end, even by SIGKILL.", $"See /proc/{record.Pid}/stack for what the kernel does.");
        }
    }

    private static async Task<bool> GoneAsync(ProcessRecord record, TimeSpan limit, TimeProvider clock)
    {
        var began = clock.GetTimestamp();
        while (ProcessTable.IsAlive(record))
        {
            if (clock.GetElapsedTime(began) > limit)
            {
                return false;
            }

            await Task.Delay(Poll, clock);
        }

        return true;
    }
}

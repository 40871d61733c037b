namespace Godwit.Cli.Host;

/// <summary>Waits for something outside this process, up to a deadline, with a message that says what for.</summary>
public sealed class Deadline(TimeSpan limit, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private readonly long _began = clock.GetTimestamp();

    public TimeSpan Elapsed => clock.GetElapsedTime(_began);

    public TimeSpan Left => limit - Elapsed;

    /// <summary>Asks until the answer is null; an answer that is not null says what is still lacking.</summary>
    public async Task UntilAsync(string what, string lookAt, Func<CancellationToken, Task<string?>> lacking, CancellationToken ct)
    {
        while (await lacking(ct) is { } missing)
        {
            if (Left <= TimeSpan.Zero)
            {
                throw new CliException($"Waited {limit.TotalSeconds:0} s for {what}: {missing}.", $"Look at {lookAt}", ExitCodes.TimedOut);
            }

            await Task.Delay(Poll, clock, ct);
        }
    }
}

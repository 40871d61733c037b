using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>How long a virtual machine that ends before it runs is left alone before it is tried again. Pure.</summary>
public static class VirtualMachineBackoff
{
    private const int StepSeconds = 10;
    private const int LimitSeconds = 300;

    /// <summary>The failures in a row, with this one if it was not counted yet; null once the guest has run.</summary>
    public static VirtualMachineStartFailure? Count(
        VirtualMachineStartFailure? failure, VirtualMachineInstance? vmi, string strategy, DateTimeOffset now, double spread)
    {
        if (HasRun(vmi) || strategy is not (RunStrategies.Always or RunStrategies.RerunOnFailure or RunStrategies.Once))
        {
            return null;
        }

        // One that is being deleted did not fail by itself.
        if (vmi is null || !vmi.IsFinal() || vmi.IsDeleting() || failure?.LastFailedVMIUID == vmi.Metadata.Uid)
        {
            return failure;
        }

        var count = (failure?.ConsecutiveFailCount ?? 0) + 1;
        return new VirtualMachineStartFailure
        {
            ConsecutiveFailCount = count,
            LastFailedVMIUID = vmi.Metadata.Uid,
            RetryAfterTimestamp = Timestamps.Seconds(now + Delay(count, spread)),
        };
    }

    /// <summary>Ten seconds times the square of the failures, up to half as much again, and five minutes at most.</summary>
    public static TimeSpan Delay(int failures, double spread)
    {
        var least = StepSeconds * Math.Pow(Math.Max(failures, 1), 2);
        return TimeSpan.FromSeconds(Math.Min(least * (1 + (spread / 2)), LimitSeconds));
    }

    /// <summary>What is left to wait; never more than the longest delay, as after a step back of the clock it would seem to be.</summary>
    public static TimeSpan Left(VirtualMachineStartFailure? failure, DateTimeOffset now) =>
        failure?.RetryAfterTimestamp is { } retry && retry > now ? TimeSpan.FromSeconds(Math.Min((retry - now).TotalSeconds, LimitSeconds)) : TimeSpan.Zero;

    private static bool HasRun(VirtualMachineInstance? vmi) =>
        vmi?.Status?.Phase == VmiPhases.Running
        || vmi?.Status?.PhaseTransitionTimestamps.EnteredAt(VmiPhases.Running) is not null;
}

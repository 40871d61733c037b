using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Gives a guest up whose source went away in post-copy, with memory that had not arrived: no copy of it is whole any more. A target
/// that had everything already says so in the time that it is given; before post-copy, and after the last page, the source is not needed. Pure.
/// </summary>
internal static class MigrationSourceLoss
{
    /// <summary>The target gets this long to say that it has the whole guest.</summary>
    public static readonly TimeSpan TargetGrace = TimeSpan.FromSeconds(15);

    public static MigrationPlan? Decide(MigrationFacts facts)
    {
        if (!facts.Committed || facts.SourceLoss is not { } loss
            || facts.OwnState is not { Completed: not true, Mode: MigrationModes.PostCopy } state
            || facts.Vmi is not { Status: { } status } vmi
            || vmi.IsFinal())
        {
            return null;
        }

        var reason = $"the source was lost in post-copy: {loss}";
        // The source's agent, if it lives, says that the rest is lost; the target's then acts on that by itself.
        if (state.Channel is not { } channel || (channel.State != MigrationChannel.Lost && (channel.State != MigrationChannel.Broken || channel.Reason != reason)))
        {
            // Told to the target's agent, which where packets only vanish still believes in the channel.
            return new MigrationPlan(facts.Migration, vmi with
            {
                Status = status with
                {
                    MigrationState = state with
                    {
                        Channel = new MigrationChannel
                        {
                            State = MigrationChannel.Broken,
                            Breaks = (state.Channel?.Breaks ?? 0) + 1,
                            Since = Timestamps.Seconds(facts.Now),
                            Reason = reason,
                        },
                    },
                },
            })
            {
                Events = [new PlannedEvent(EventReasons.PostCopyPaused, $"The post-copy channel is broken: {reason}", Warning: true) { OnVmi = true }],
                Again = TargetGrace,
            };
        }

        var left = TargetGrace - facts.Since(channel.Since);
        return left > TimeSpan.Zero ? new MigrationPlan(facts.Migration) { Again = left } : GiveUp(facts, vmi, state, reason);
    }

    private static MigrationPlan GiveUp(MigrationFacts facts, VirtualMachineInstance vmi, MigrationState state, string reason)
    {
        var ended = state with
        {
            Completed = true,
            Failed = true,
            EndTimestamp = Timestamps.Seconds(facts.Now),
            FailureReason = $"{reason}; a part of the guest's memory was there only, so the guest is lost",
        };
        var message = $"The guest is lost: {reason}, and a part of its memory was there only.";
        return new MigrationPlan(
            MigrationStates.Copy(MigrationStates.Enter(facts.Migration, MigrationPhases.Failed, facts.Now), ended, facts.Now),
            vmi with
            {
                Status = vmi.Status! with
                {
                    Phase = VmiPhases.Failed,
                    PhaseTransitionTimestamps = vmi.Status.PhaseTransitionTimestamps.With(VmiPhases.Failed, facts.Now),
                    MigrationState = ended,
                },
            })
        {
            DeleteTargetPod = true,
            Events =
            [
                new PlannedEvent(EventReasons.FailedMigration, message, Warning: true),
                new PlannedEvent(EventReasons.Stopped, message, Warning: true) { OnVmi = true },
            ],
        };
    }
}

using System.Text.Json.Nodes;
using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// The source's part in post-copy: the order to switch, and the channel, which is broken when it has gone silent and made again
/// until it works. A guest whose memory is in two places is never given up for a fault of the network.
/// </summary>
internal sealed class SourcePostCopy(AttemptNames names, TimeProvider time)
{
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(5);

    /// <summary>The target asks for pages all the time until it has them all; so long a silence is no pause for breath.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    private long _transferred = -1;
    private long _moved = time.GetTimestamp();

    /// <summary>
    /// Stops the guest for good and lets QEMU switch. Stopped by hand, so that QEMU never resumes an old copy by itself when the
    /// channel breaks at the very end (reproduced; QEMU 10.0). Only when that is certain is it noted, for the note is what allows
    /// the commit to come before the switch: a QEMU that had begun to switch by itself took the stop for nothing, and false is
    /// returned; its migration goes on as pre-copy.
    /// </summary>
    public async Task<bool> OrderAsync(QmpClient qmp, CancellationToken ct)
    {
        await qmp.StopAsync(ct, CommandDeadline);
        if ((await qmp.QueryStatusAsync(ct, CommandDeadline)).Status != RunStates.Paused)
        {
            return false;
        }

        await qmp.ObjectAddAsync("secret", names.PostCopyMarker, new JsonObject { ["data"] = "-" }, ct);
        await qmp.MigrateStartPostcopyAsync(ct);
        return true;
    }

    /// <summary>Whether the open channel has moved nothing for too long.</summary>
    public bool IsStalled(SourcePhase phase, long transferred)
    {
        if (phase != SourcePhase.PostCopy || transferred != _transferred)
        {
            _transferred = transferred;
            _moved = time.GetTimestamp();
        }

        return phase == SourcePhase.PostCopy && time.GetElapsedTime(_moved) > Silence;
    }

    /// <summary>Breaks the channel out of band: QEMU does not notice by itself that nobody takes its packets.</summary>
    public async Task BreakAsync(QmpClient qmp, CancellationToken ct)
    {
        _moved = time.GetTimestamp();
        await qmp.MigratePauseAsync(ct);
    }

    /// <summary>Connects to the target anew; where nobody listens yet, QEMU says so and may be told again.</summary>
    public Task RecoverAsync(QmpClient qmp, MigrationState state, CancellationToken ct)
    {
        _moved = time.GetTimestamp();
        var port = state.PortFor(MigrationModes.PortRoleMemory)
            ?? throw new MigrationException("the target has named no port for the memory");
        return qmp.MigrateAsync($"tcp:{VmiView.ForUri(state.TargetNodeAddress!)}:{port}", resume: true, ct);
    }
}

using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// The addresses at which the guest is reached after its move: looked up while it still runs, for the commit names them and does not wait.
/// </summary>
internal sealed class TargetAddresses(IMigrationRecord record)
{
    private Task _looking = Task.CompletedTask;

    /// <summary>Those of the target pod; null while they are not known.</summary>
    public IReadOnlyList<string>? Known { get; private set; }

    /// <summary>The question under way; it never fails.</summary>
    public Task Looking => _looking;

    /// <summary>Asks for them without waiting, unless they are known or a question stands.</summary>
    public void LookBeside(MigrationState state, CancellationToken cancellationToken)
    {
        if (Known is null && _looking.IsCompleted && state.TargetPod is { } pod)
        {
            _looking = LookAsync(pod, cancellationToken);
        }
    }

    private async Task LookAsync(string pod, CancellationToken cancellationToken)
    {
        try
        {
            Known = (await record.PodEndAsync(pod, cancellationToken))?.Ips;
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException)
        {
            // Asked again at the next look; and if it stays unknown, the target's agent tells its address a moment after the commit.
        }
    }
}

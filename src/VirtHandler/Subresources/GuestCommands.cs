using System.Net.Sockets;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Host;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Subresources;

/// <summary>
/// Does to guests what their users ask. It holds QEMU's control monitor from the last look at the record until the record says
/// what was done: a migration needs the same monitor, so none can begin in between and none can miss that a guest was paused.
/// </summary>
public sealed partial class GuestCommands(ApiClient api, VirtHandlerOptions options, EventRecorder events, ILogger logger, TimeProvider time)
{
    private const int MostWrites = 5;
    private readonly VmiWriter _writer = new(api);

    public async Task<GuestAnswer> RunAsync(GuestCommand command, NamespacedName key, CancellationToken cancellationToken)
    {
        var seen = await ReadAsync(key, cancellationToken);
        if (GuestCommandDecision.Refuse(command, seen, options.Node, runState: null) is { } refusal)
        {
            return refusal;
        }

        try
        {
            var folder = new PodPlace(options.KubeletRoot, seen!.Status!.OwnerPodUID!).Folder;
            await using var qmp = await QmpClient.ConnectAsync(folder, DomainFolder.ControlSocket, new QmpClientOptions { Time = time }, cancellationToken);
            // From here on it is carried out, whether the user waits for it or not.
            return await RunAsync(command, qmp, seen, key);
        }
        catch (Exception e) when (e is SocketException or IOException or QmpUnavailableException or QmpException)
        {
            LogFailed(logger, key, command, e.Message);
            return GuestAnswer.Failed($"QEMU of VMI {key.Name} did not carry out {command}: {e.Message}");
        }
    }

    private async Task<GuestAnswer> RunAsync(GuestCommand command, QmpClient qmp, VirtualMachineInstance seen, NamespacedName key)
    {
        var vmi = await ReadAsync(key, CancellationToken.None);
        var state = (await qmp.QueryStatusAsync(CancellationToken.None)).Status;
        if (GuestCommandDecision.Refuse(command, IsSame(seen, vmi) ? vmi : null, options.Node, state) is { } refusal)
        {
            return refusal;
        }

        await ActAsync(command, qmp);
        if (command == GuestCommand.Reset && state is not (RunStates.Running or RunStates.Suspended or RunStates.Paused or RunStates.Prelaunch))
        {
            // It had come to a halt by itself: the button is pressed so that it runs again.
            await ActAsync(GuestCommand.Unpause, qmp);
        }

        if (command is GuestCommand.Pause or GuestCommand.Unpause && await RecordAsync(command, vmi!, key) is { } problem)
        {
            await ActAsync(command == GuestCommand.Pause ? GuestCommand.Unpause : GuestCommand.Pause, qmp);
            LogFailed(logger, key, command, problem);
            return GuestAnswer.Failed($"{command} of VMI {key.Name} could not be recorded, so it was taken back: {problem}");
        }

        Tell(command, vmi!, key);
        LogDone(logger, key, command);
        return GuestAnswer.Done;
    }

    private static Task ActAsync(GuestCommand command, QmpClient qmp) => command switch
    {
        GuestCommand.Pause => qmp.StopAsync(CancellationToken.None),
        GuestCommand.Unpause => qmp.ContinueAsync(CancellationToken.None),
        GuestCommand.Reset => qmp.SystemResetAsync(CancellationToken.None),
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };

    /// <summary>Writes the condition itself and does not leave it to the next report, which a migration would put off. Null: written.</summary>
    private async Task<string?> RecordAsync(GuestCommand command, VirtualMachineInstance vmi, NamespacedName key)
    {
        var problem = "";
        for (var i = 0; i < MostWrites; i++)
        {
            try
            {
                var conditions = command == GuestCommand.Pause
                    ? GuestReport.PausedByUser(vmi.Status!.Conditions, time.GetUtcNow())
                    : vmi.Status!.Conditions.Without(Conditions.Paused);
                await _writer.WriteAsync(vmi, vmi with { Status = vmi.Status with { Conditions = conditions } }, CancellationToken.None);
                return null;
            }
            catch (ApiException e) when (e.IsConflict)
            {
                problem = e.Message;
            }
            catch (ApiException e)
            {
                return e.Message;
            }

            if (await ReadAsync(key, CancellationToken.None) is not { } now || !IsSame(vmi, now))
            {
                return "the VMI is gone";
            }

            vmi = now;
        }

        return problem;
    }

    private void Tell(GuestCommand command, VirtualMachineInstance vmi, NamespacedName key)
    {
        var (reason, message) = command switch
        {
            GuestCommand.Pause => (EventReasons.Paused, "VirtualMachineInstance paused"),
            GuestCommand.Unpause => (EventReasons.Unpaused, "VirtualMachineInstance unpaused"),
            _ => (EventReasons.Reset, "VirtualMachineInstance reset"),
        };
        events.Normal(
            new Machinery.ObjectReference(
                Kinds.VirtualMachineInstance.ApiVersion, Kinds.VirtualMachineInstance.Kind, key, vmi.Metadata.Uid!, vmi.Metadata.ResourceVersion ?? ""),
            reason,
            message);
    }

    private Task<VirtualMachineInstance?> ReadAsync(NamespacedName key, CancellationToken cancellationToken) =>
        api.TryGetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, cancellationToken);

    private static bool IsSame(VirtualMachineInstance before, VirtualMachineInstance? now) =>
        now?.Metadata.Uid == before.Metadata.Uid && now?.Status?.OwnerPodUID == before.Status!.OwnerPodUID;

    [LoggerMessage(460, LogLevel.Information, "{Vmi}: {Command} done")]
    private static partial void LogDone(ILogger logger, NamespacedName vmi, GuestCommand command);

    [LoggerMessage(461, LogLevel.Warning, "{Vmi}: {Command} failed: {Problem}")]
    private static partial void LogFailed(ILogger logger, NamespacedName vmi, GuestCommand command, string problem);
}

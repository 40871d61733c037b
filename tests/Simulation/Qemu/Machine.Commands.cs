using System.Globalization;
using Godwit.Qemu;

namespace Godwit.Simulation.Qemu;

// The commands.
internal sealed partial class Machine
{
    private void Do(Command command)
    {
        switch (command.Name)
        {
            case "query-status":
                command.Answer($"{{\"status\":\"{RunState}\",\"running\":{(IsRunning ? "true" : "false")}}}");
                break;
            case "query-migrate":
                command.Answer(Describe());
                break;
            case "query-jobs" or "query-block-exports" or "query-named-block-nodes" or "query-chardev":
                command.Answer("[]");
                break;
            case "query-migrate-capabilities":
                command.Answer($"[{string.Join(',', _capabilities.Select(c => $"{{\"capability\":\"{c.Key}\",\"state\":{(c.Value ? "true" : "false")}}}"))}]");
                break;
            case "qom-list":
                command.Answer($"[{string.Join(',', _objects.Select(o => $"{{\"name\":\"{o}\",\"type\":\"child\"}}"))}]");
                break;
            case "object-add":
                Yes(command, _objects.Add(command.Text("id")!), "attempt to add duplicate property");
                break;
            case "object-del":
                Yes(command, _objects.Remove(command.Text("id")!), "object not found");
                break;
            case "migrate-set-capabilities":
                SetCapabilities(command);
                break;
            case "migrate-set-parameters":
                SetParameters(command);
                break;
            case "nbd-server-stop":
                command.Answer("{}");
                break;
            case "stop":
                if (IsRunning)
                {
                    Enter(RunStates.Paused);
                    Hop?.Hurry();
                }

                command.Answer("{}");
                break;
            case "cont":
                Continue(command);
                break;
            case "quit":
                command.Answer("{}");
                ShutDown("host-qmp-quit");
                break;
            case "system_powerdown":
                command.Answer("{}");
                PowerDown(Between(0.5, 8).TotalSeconds);
                break;
            case "migrate-incoming":
                Listen(command);
                break;
            case "migrate":
                Migrate(command);
                break;
            case "migrate-continue":
                Yes(command, Status == MigrationStates.PreSwitchover && Hop is not null, $"Migration not in expected state: {Status}");
                if (Status == MigrationStates.PreSwitchover)
                {
                    Hop?.Continue();
                }

                break;
            case "migrate_cancel":
                Cancel(command);
                break;
            case "migrate-start-postcopy":
                OrderPostCopy(command);
                break;
            case "migrate-pause":
                Yes(command, Status is MigrationStates.PostcopyActive or MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup, "migrate-pause is currently only supported during postcopy-active or postcopy-recover state");
                Hop?.Pause(this);
                break;
            case "migrate-recover":
                Yes(command, Status == MigrationStates.PostcopyPaused && Incoming, "Migrate recover can only be run when postcopy is paused.");
                Recoverable |= Status == MigrationStates.PostcopyPaused && Incoming;
                break;
            case "yank":
                command.Answer("{}");
                // Not one that hangs on a page: with QEMU 10.0 only the page frees it, or the end of the process.
                Block(IsBlocked && Status == MigrationStates.PostcopyPaused);
                Hop?.Break("Yanked");
                break;
            default:
                command.Refuse($"The command {command.Name} has not been found");
                break;
        }
    }

    private static void Yes(Command command, bool done, string otherwise)
    {
        if (done)
        {
            command.Answer("{}");
        }
        else
        {
            command.Refuse(otherwise);
        }
    }

    private void SetCapabilities(Command command)
    {
        if (_outgoing && Hop is not null)
        {
            command.Refuse("There's a migration process in progress");
            return;
        }

        foreach (var capability in command.Arguments.GetProperty("capabilities").EnumerateArray())
        {
            _capabilities[capability.GetProperty("capability").GetString()!] = capability.GetProperty("state").GetBoolean();
        }

        command.Answer("{}");
    }

    private void SetParameters(Command command)
    {
        if (command.Arguments.TryGetProperty("max-bandwidth", out var bandwidth))
        {
            MaxBandwidth = bandwidth.GetInt64();
            Hop?.Reflow();
        }

        command.Answer("{}");
    }

    private void Continue(Command command)
    {
        switch (RunState)
        {
            case RunStates.InMigrate:
                // Not refused: it will run as soon as it is loaded.
                _autoStart = true;
                command.Answer("{}");
                break;
            case RunStates.FinishMigrate:
                command.Refuse("Migration is not finalized yet");
                break;
            default:
                Enter(RunStates.Running);
                command.Answer("{}");
                break;
        }
    }

    private string Describe()
    {
        if (Status is null)
        {
            return "{}";
        }

        if (Incoming && !_outgoing)
        {
            return $"{{\"status\":\"{Status}\"}}";
        }

        var sent = Hop?.Sent ?? _sent;
        var remaining = Math.Max(0, Memory - sent);
        var passes = Hop?.Passes ?? 1;
        var error = ErrorDesc is null ? "" : $",\"error-desc\":\"{ErrorDesc}\"";
        var downtime = Status == MigrationStates.Completed ? ",\"downtime\":25" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"status\":\"{Status}\",\"total-time\":1,\"setup-time\":1{error}{downtime},\"ram\":{{\"total\":{Memory},\"remaining\":{remaining},\"transferred\":{sent},\"normal\":0,\"duplicate\":0,\"dirty-sync-count\":{passes},\"dirty-pages-rate\":{(Hop?.Converges == false ? 20000 : 100)},\"pages-per-second\":0,\"mbps\":{_world.Bandwidth * 8 / 1e6:0},\"page-size\":4096}}}}");
    }
}

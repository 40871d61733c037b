using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Subresources;

/// <summary>What start, stop, restart and migrate mean for a virtual machine in its state. Pure.</summary>
public static class VirtualMachineRules
{
    public const string NotRunning = "VM is not running";
    private const string Kind = "virtualmachine";

    /// <summary>The shortest time in which a guest is ended safely.</summary>
    private const long ForcedGraceSeconds = 1;

    public static VirtualMachineChange Start(VirtualMachine vm, VirtualMachineInstance? vmi, ChangeOptions options)
    {
        if (vmi is not null && !vmi.IsFinal() && vmi.Status?.Phase is not (null or VmiPhases.Unset or VmiPhases.Unknown))
        {
            return Conflict(vm, "VM is already running");
        }

        var start = new VirtualMachineStateChangeRequest
        {
            Action = StateChangeRequests.Start,
            Data = options.Paused
                ? new Dictionary<string, string> { [StateChangeRequests.PausedKey] = StateChangeRequests.PausedTrue }
                : null,
        };
        var strategy = RunStrategies.Of(vm);
        return strategy switch
        {
            RunStrategies.Halted when options.Paused
                && vm.Spec?.Template?.Spec?.StartStrategy != StateChangeRequests.StartStrategyPaused => Ask(vm, start),
            RunStrategies.Halted => Run(vm, run: true),
            RunStrategies.RerunOnFailure when vmi?.Status?.Phase == VmiPhases.Failed =>
                Conflict(vm, $"{strategy} does not support starting VM from failed state"),
            RunStrategies.RerunOnFailure or RunStrategies.Manual when vmi?.IsFinal() == true => Ask(vm, Stop(vmi), start),
            RunStrategies.RerunOnFailure or RunStrategies.Manual => Ask(vm, start),
            _ => Conflict(vm, $"{strategy} does not support manual start requests"),
        };
    }

    public static VirtualMachineChange Stop(VirtualMachine vm, VirtualMachineInstance? vmi, ChangeOptions options)
    {
        var strategy = RunStrategies.Of(vm);
        var over = vmi is null || vmi.IsFinal();
        if (options.GracePeriod < 0)
        {
            return new VirtualMachineChange { Refusal = ChangeAnswer.BadRequest("gracePeriod has to be greater or equal to 0") };
        }

        var grace = over ? null : options.GracePeriod;
        if (strategy is RunStrategies.Always or RunStrategies.Once)
        {
            return Run(vm, run: false) with { GracePeriodSeconds = grace };
        }

        if (over)
        {
            return Conflict(vm, NotRunning);
        }

        var before = vmi!.Spec?.TerminationGracePeriodSeconds;
        return strategy == RunStrategies.Halted && (grace is null || grace >= before)
            ? Conflict(vm, $"{strategy} only supports manual stop requests with a shorter graceperiod")
            : Ask(vm, Stop(vmi)) with { GracePeriodSeconds = grace };
    }

    public static VirtualMachineChange Restart(VirtualMachine vm, VirtualMachineInstance? vmi, ChangeOptions options)
    {
        switch (options.GracePeriodSeconds)
        {
            case > 0:
                return new VirtualMachineChange
                {
                    Refusal = ChangeAnswer.BadRequest("For force restart, only gracePeriod=0 is supported for now"),
                };
            case < 0:
                return new VirtualMachineChange { Refusal = ChangeAnswer.BadRequest("gracePeriod has to be greater or equal to 0") };
        }

        var strategy = RunStrategies.Of(vm);
        if (strategy is RunStrategies.Halted or RunStrategies.Once)
        {
            // "RunStategy" is how KubeVirt has always spelled it, and what its users look for.
            return Conflict(vm, $"RunStategy {strategy} does not support manual restart requests");
        }

        return vmi is null
            ? Conflict(vm, $"{NotRunning}: {RunStrategies.Halted}")
            : Ask(vm, Stop(vmi), new VirtualMachineStateChangeRequest { Action = StateChangeRequests.Start }) with
            {
                GracePeriodSeconds = options.GracePeriodSeconds == 0 ? ForcedGraceSeconds : null,
            };
    }

    /// <summary>Why the virtual machine's VMI cannot be moved; null when a migration may be made.</summary>
    public static ChangeAnswer? Migrate(string name, VirtualMachineInstance? vmi) => vmi switch
    {
        null => ChangeAnswer.NotFound("virtualmachineinstance", name),
        { Status.Phase: VmiPhases.Running } => null,
        _ => ChangeAnswer.Conflict(Kind, name, NotRunning),
    };

    public static VirtualMachineInstanceMigration Migration(NamespacedName vm, ChangeOptions options) => new()
    {
        ApiVersion = Kinds.VirtualMachineInstanceMigration.ApiVersion,
        Kind = Kinds.VirtualMachineInstanceMigration.Kind,
        Metadata = new ObjectMeta { GenerateName = "kubevirt-migrate-vm-", Namespace = vm.Namespace },
        Spec = new VirtualMachineInstanceMigrationSpec { VmiName = vm.Name, AddedNodeSelector = options.AddedNodeSelector },
    };

    /// <summary>Why a VMI's evacuation cannot be called off: its node would only ask for it again.</summary>
    public static ChangeAnswer? CancelEvacuation(Node? node, string drainTaintKey) =>
        node?.Spec?.Taints?.Any(taint => taint.Key == drainTaintKey && taint.Effect == Taints.NoSchedule) == true
            ? ChangeAnswer.BadRequest($"Node \"{node.Metadata.Name}\" has NodeDrainTaintKey \"{drainTaintKey}:{Taints.NoSchedule}\"")
            : null;

    private static VirtualMachineStateChangeRequest Stop(VirtualMachineInstance vmi) =>
        new() { Action = StateChangeRequests.Stop, Uid = vmi.Metadata.Uid };

    /// <summary>A single wish to stop takes the place of all that were there; any other waits its turn.</summary>
    private static VirtualMachineChange Ask(VirtualMachine vm, params VirtualMachineStateChangeRequest[] requests)
    {
        if (vm.Status?.StateChangeRequests is { Count: > 0 } && requests is not [{ Action: StateChangeRequests.Stop }])
        {
            return new VirtualMachineChange { Refusal = ChangeAnswer.Failed("unable to complete request: stop/start already underway") };
        }

        var status = new JsonObject
        {
            ["stateChangeRequests"] = new JsonArray([.. requests.Select(request =>
                JsonSerializer.SerializeToNode(request, TypesJson.Default.VirtualMachineStateChangeRequest))]),
        };
        if (vm.Status?.StartFailure is not null)
        {
            // Who asks by hand does not wait for the back-off.
            status["startFailure"] = null;
        }

        return new VirtualMachineChange { Status = new JsonObject { ["status"] = status } };
    }

    private static VirtualMachineChange Run(VirtualMachine vm, bool run) => new()
    {
        Spec = new JsonObject
        {
            ["spec"] = vm.Spec?.RunStrategy is null
                ? new JsonObject { ["running"] = run }
                : new JsonObject { ["runStrategy"] = run ? RunStrategies.Always : RunStrategies.Halted },
        },
    };

    private static VirtualMachineChange Conflict(VirtualMachine vm, string why) =>
        new() { Refusal = ChangeAnswer.Conflict(Kind, vm.Metadata.Name ?? "", why) };
}

using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>The rules for virtual machines: when a VMI is made, when it is ended, when it comes back. Pure.</summary>
public static class VirtualMachineDecisions
{
    public static VirtualMachinePlan Decide(VirtualMachineFacts facts)
    {
        var plan = facts switch
        {
            { Vm.Metadata.DeletionTimestamp: not null } => Remove(facts),
            { Vmi: { } vmi } when IsOrphan(vmi) => Adopt(facts),
            _ => Follow(facts),
        };
        return plan with { Vm = VirtualMachineStatuses.Apply(plan, facts) };
    }

    /// <summary>The VMI goes first; the finalizer stands for it.</summary>
    private static VirtualMachinePlan Remove(VirtualMachineFacts facts)
    {
        var vm = facts.Vm;
        if (facts.Vmi is { } vmi && !IsOrphan(vmi) && vm.Metadata.Finalizers?.Contains(Finalizers.Orphan) != true)
        {
            return End(vm, vmi);
        }

        return new VirtualMachinePlan(vm with
        {
            Metadata = vm.Metadata with { Finalizers = [.. (vm.Metadata.Finalizers ?? []).Where(name => name != Finalizers.Vm)] },
        });
    }

    private static VirtualMachinePlan Adopt(VirtualMachineFacts facts)
    {
        var vmi = facts.Vmi!;
        return new VirtualMachinePlan(Held(facts.Vm))
        {
            Adopt = vmi.IsDeleting()
                ? null
                : vmi with
                {
                    Metadata = vmi.Metadata with
                    {
                        OwnerReferences = [.. vmi.Metadata.OwnerReferences ?? [], VirtualMachineTemplates.Owner(facts.Vm)],
                    },
                },
        };
    }

    private static VirtualMachinePlan Follow(VirtualMachineFacts facts)
    {
        var vm = Held(facts.Vm);
        return RunStrategies.Of(vm) switch
        {
            RunStrategies.Always => Always(facts, vm),
            RunStrategies.RerunOnFailure => RerunOnFailure(facts, vm),
            RunStrategies.Manual => Manual(facts, vm),
            RunStrategies.Halted => Halted(facts, vm),
            RunStrategies.Once => facts.Vmi is null ? Start(facts, vm) : new VirtualMachinePlan(vm),
            var other => new VirtualMachinePlan(vm)
            {
                Failure = new PlannedEvent(
                    EventReasons.FailedCreate,
                    $"unknown runstrategy: {other}. Use one of {string.Join(", ", RunStrategies.All)}.",
                    Warning: true),
            },
        };
    }

    /// <summary>There is to be a running VMI: one that is over, or is to be stopped, makes room for the next.</summary>
    private static VirtualMachinePlan Always(VirtualMachineFacts facts, VirtualMachine vm) => facts.Vmi switch
    {
        null => Start(facts, vm),
        { } vmi when vmi.IsFinal() || IsStopAsked(vm, vmi) => End(vm, vmi),
        _ => new VirtualMachinePlan(vm),
    };

    /// <summary>A VMI that failed comes back; one that ended well, or was stopped, does not.</summary>
    private static VirtualMachinePlan RerunOnFailure(VirtualMachineFacts facts, VirtualMachine vm)
    {
        if (facts.Vmi is not { } vmi)
        {
            return IsStartAsked(vm) || vm.Status?.RunStrategy != RunStrategies.RerunOnFailure
                ? Start(facts, vm)
                : new VirtualMachinePlan(vm);
        }

        var stopped = IsStopAsked(vm, vmi);
        if (vmi.IsDeleting() || !(stopped || vmi.IsFinal()))
        {
            return new VirtualMachinePlan(vm);
        }

        // That it is to come back must be on record before the VMI, and with it the knowledge that it failed, goes.
        var requests = vm.Status?.StateChangeRequests ?? [];
        var again = vmi.Status!.Phase == VmiPhases.Failed && !stopped
            && requests.All(request => request.Action != StateChangeRequests.Start);
        return End(
            again
                ? vm with
                {
                    Status = (vm.Status ?? new VirtualMachineStatus()) with
                    {
                        StateChangeRequests = [.. requests, new VirtualMachineStateChangeRequest { Action = StateChangeRequests.Start }],
                    },
                }
                : vm,
            vmi);
    }

    private static VirtualMachinePlan Manual(VirtualMachineFacts facts, VirtualMachine vm) => facts.Vmi switch
    {
        null when IsStartAsked(vm) => Start(facts, vm, delayed: false),
        { } vmi when IsStopAsked(vm, vmi) => End(vm, vmi),
        _ => new VirtualMachinePlan(vm),
    };

    private static VirtualMachinePlan Halted(VirtualMachineFacts facts, VirtualMachine vm)
    {
        if (facts.Vmi is { } vmi)
        {
            return End(vm, vmi);
        }

        // A start that is to be paused comes as a request, because the strategy alone cannot say it.
        return IsStartAsked(vm)
            ? new VirtualMachinePlan(vm with
            {
                Spec = vm.Spec!.RunStrategy is null
                    ? vm.Spec with { Running = true }
                    : vm.Spec with { RunStrategy = RunStrategies.Always },
            })
            : new VirtualMachinePlan(vm);
    }

    private static VirtualMachinePlan Start(VirtualMachineFacts facts, VirtualMachine vm, bool delayed = true)
    {
        var plan = new VirtualMachinePlan(vm) { WantsStart = true };
        if (facts.Foreign is { } foreign)
        {
            var owner = foreign.Metadata.Controller();
            return plan with
            {
                Failure = new PlannedEvent(
                    EventReasons.FailedCreate,
                    $"Failure while starting VMI: {foreign.Key()} exists and belongs to {owner?.Kind} {owner?.Name}. "
                    + "Delete it, or give the virtual machine another name.",
                    Warning: true),
            };
        }

        var left = delayed ? VirtualMachineBackoff.Left(vm.Status?.StartFailure, facts.Now) : TimeSpan.Zero;
        return left > TimeSpan.Zero
            ? plan with { Again = left }
            : plan with { Create = VirtualMachineTemplates.Vmi(vm, IsPausedStartAsked(vm)) };
    }

    private static VirtualMachinePlan End(VirtualMachine vm, VirtualMachineInstance vmi) =>
        new(vm) { Delete = vmi.IsDeleting() ? null : vmi };

    private static VirtualMachine Held(VirtualMachine vm) =>
        vm.Metadata.Finalizers?.Contains(Finalizers.Vm) == true
            ? vm
            : vm with { Metadata = vm.Metadata with { Finalizers = [.. vm.Metadata.Finalizers ?? [], Finalizers.Vm] } };

    private static bool IsOrphan(VirtualMachineInstance vmi) => vmi.Metadata.Controller() is null;

    private static bool IsStartAsked(VirtualMachine vm) =>
        vm.Status?.StateChangeRequests is [{ Action: StateChangeRequests.Start }, ..];

    private static bool IsPausedStartAsked(VirtualMachine vm) =>
        IsStartAsked(vm)
        && vm.Status!.StateChangeRequests![0].Data?.GetValueOrDefault(StateChangeRequests.PausedKey) == StateChangeRequests.PausedTrue;

    private static bool IsStopAsked(VirtualMachine vm, VirtualMachineInstance vmi) =>
        vm.Status?.StateChangeRequests is [{ Action: StateChangeRequests.Stop, Uid: { } uid }, ..] && uid == vmi.Metadata.Uid;
}

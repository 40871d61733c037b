using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>The rules for replica sets: which VMIs are its own, how many are missing, which of too many go. Pure.</summary>
public static class ReplicaSetDecisions
{
    /// <summary>So many VMIs are made or ended at once at most.</summary>
    public const int Burst = 250;

    public static ReplicaSetPlan Decide(ReplicaSetFacts facts)
    {
        var set = facts.Set;
        if (set.IsDeleting())
        {
            // Its VMIs go by their owner references.
            return new ReplicaSetPlan(set);
        }

        var labels = set.Spec?.Template?.Metadata?.Labels ?? new Dictionary<string, string>();
        if (Selector(set) is not { } selector || labels.Count == 0 || !selector.Matches(labels))
        {
            return new ReplicaSetPlan(ReplicaSetStatuses.Failed(
                set,
                EventReasons.FailedCreate,
                "spec.selector does not match spec.template.metadata.labels: give the template the labels that the selector asks for.",
                facts.Now));
        }

        var reown = Reowned(set, selector, facts.Vmis);
        var changed = reown.Select(vmi => vmi.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        var own = facts.Vmis
            .Where(vmi => !changed.Contains(vmi.Metadata.Uid) && vmi.Metadata.Controller()?.Uid == set.Metadata.Uid)
            .ToList();
        var active = own.Where(IsActive).ToList();
        var shown = new ReplicaSetPlan(ReplicaSetStatuses.Apply(set, selector, active, facts.Now))
        {
            Reown = reown,
            Events = [.. ReplicaSetStatuses.Events(set)],
        };

        // With those that change hands the count is not known yet; the change itself leads back here.
        return set.Spec!.Paused == true || reown.Count > 0 ? shown : Scale(shown, set, own, active);
    }

    private static ReplicaSetPlan Scale(
        ReplicaSetPlan plan,
        VirtualMachineInstanceReplicaSet set,
        List<VirtualMachineInstance> own,
        List<VirtualMachineInstance> active)
    {
        var missing = (set.Spec!.Replicas ?? 1) - active.Count;
        var over = own.Where(vmi => !vmi.IsDeleting() && !IsActive(vmi));
        return plan with
        {
            Create = [.. Enumerable.Repeat(set, Math.Clamp(missing, 0, Burst)).Select(NewVmi)],
            Delete = [.. over, .. active.Order(Dispensable).Take(Math.Clamp(-missing, 0, Burst))],
        };
    }

    /// <summary>It runs, or is on its way to; one whose pod is being taken away will not, unless it is leaving that pod.</summary>
    private static bool IsActive(VirtualMachineInstance vmi) =>
        !vmi.IsFinal() && !vmi.IsDeleting()
        && (vmi.IsMigrating()
            || vmi.Status?.Conditions.Find(Conditions.Ready) is not { Status: Conditions.False, Reason: Reasons.PodTerminating });

    /// <summary>What costs least goes first: not started yet, not ready, not migrating, young.</summary>
    private static Comparer<VirtualMachineInstance> Dispensable { get; } = Comparer<VirtualMachineInstance>.Create(
        static (one, other) => Worth(one).CompareTo(Worth(other)));

    private static (int State, long Age, string Name) Worth(VirtualMachineInstance vmi) => (
        vmi switch
        {
            _ when vmi.IsMigrating() => 3,
            _ when vmi.Status?.Conditions.IsTrue(Conditions.Ready) == true => 2,
            _ when vmi.Status?.Phase == VmiPhases.Running => 1,
            _ => 0,
        },
        -(vmi.Metadata.CreationTimestamp?.UtcTicks ?? 0),
        vmi.Metadata.Name ?? "");

    /// <summary>VMIs that are nobody's and match are taken in; own ones that no longer match are let go.</summary>
    private static List<VirtualMachineInstance> Reowned(
        VirtualMachineInstanceReplicaSet set, LabelSelector selector, IReadOnlyList<VirtualMachineInstance> vmis)
    {
        var changed = new List<VirtualMachineInstance>();
        foreach (var vmi in vmis.Where(vmi => !vmi.IsDeleting()))
        {
            var matches = selector.Matches(vmi.Metadata.Labels ?? new Dictionary<string, string>());
            var owner = vmi.Metadata.Controller();
            if (owner is null && matches && !vmi.IsFinal())
            {
                changed.Add(WithOwners(vmi, [.. vmi.Metadata.OwnerReferences ?? [], Owner(set)]));
            }
            else if (owner is not null && owner.Uid == set.Metadata.Uid && !matches)
            {
                changed.Add(WithOwners(vmi, [.. vmi.Metadata.OwnerReferences!.Where(one => one.Uid != set.Metadata.Uid)]));
            }
        }

        return changed;
    }

    private static VirtualMachineInstance WithOwners(VirtualMachineInstance vmi, IReadOnlyList<OwnerReference> owners) =>
        vmi with { Metadata = vmi.Metadata with { OwnerReferences = owners } };

    private static VirtualMachineInstance NewVmi(VirtualMachineInstanceReplicaSet set)
    {
        var template = set.Spec!.Template!;
        return new VirtualMachineInstance
        {
            ApiVersion = Kinds.VirtualMachineInstance.ApiVersion,
            Kind = Kinds.VirtualMachineInstance.Kind,
            Metadata = new ObjectMeta
            {
                GenerateName = Nonempty(template.Metadata?.Name) ?? Nonempty(template.Metadata?.GenerateName) ?? set.Metadata.Name,
                Namespace = set.Metadata.Namespace,
                Labels = template.Metadata?.Labels,
                Annotations = template.Metadata?.Annotations,
                OwnerReferences = [Owner(set)],
            },
            Spec = template.Spec,
        };
    }

    private static OwnerReference Owner(VirtualMachineInstanceReplicaSet set) => new()
    {
        ApiVersion = Kinds.VirtualMachineInstanceReplicaSet.ApiVersion,
        Kind = Kinds.VirtualMachineInstanceReplicaSet.Kind,
        Name = set.Metadata.Name,
        Uid = set.Metadata.Uid,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    /// <summary>The set's selector; null when it cannot be read.</summary>
    internal static LabelSelector? Selector(VirtualMachineInstanceReplicaSet set)
    {
        try
        {
            return set.Spec?.Selector is { } selector ? LabelSelectorSpecs.Read(selector) : null;
        }
        catch (SelectorException)
        {
            return null;
        }
    }

    private static string? Nonempty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

namespace Godwit.Types;

/// <summary>Rules for migrations.</summary>
internal static class MigrationValidation
{
    public static void Create(VirtualMachineInstanceMigration migration, MigrationAdmissionFacts facts, Errors errors)
    {
        if (!facts.Cluster.LiveMigrationEnabled)
        {
            errors.Add(
                "",
                "LiveMigration feature gate is not enabled in kubevirt-config",
                "Add LiveMigration to the key feature-gates of ConfigMap kubevirt/kubevirt-config.",
                FieldError.Forbidden);
            return;
        }

        var spec = migration.Spec;
        if (string.IsNullOrEmpty(spec?.VmiName))
        {
            errors.Add("spec.vmiName", "vmiName is missing", "Name the VMI that is to move.", FieldError.Required);
            return;
        }

        if (!facts.ByController && !string.IsNullOrEmpty(spec.Priority))
        {
            errors.Add(
                "spec.migrationPriority",
                "Migration priority queue, only virt-controller is allowed to set priority field",
                "Remove spec.priority.",
                FieldError.Forbidden);
        }

        errors.OneOf(
            "spec.priority",
            spec.Priority,
            MigrationPriorities.SystemCritical,
            MigrationPriorities.UserTriggered,
            MigrationPriorities.SystemMaintenance);
        VmiValidation.NodeSelector("spec.addedNodeSelector", spec.AddedNodeSelector, errors);
        if (spec.SendTo is not null || spec.Receive is not null)
        {
            errors.Add(
                spec.SendTo is not null ? "spec.sendTo" : "spec.receive",
                "migrations between clusters or namespaces are not supported",
                "Remove it to move the VMI to another node of this cluster.",
                FieldError.NotSupported);
        }

        Vmi(spec.VmiName, facts, errors);
    }

    private static void Vmi(string name, MigrationAdmissionFacts facts, Errors errors)
    {
        if (facts.Vmi is not { } vmi)
        {
            errors.Add(
                "spec.vmiName",
                $"the VMI \"{facts.Namespace}/{name}\" does not exist",
                $"'kubectl get vmi -n {facts.Namespace}' shows those that do.");
            return;
        }

        if (vmi.IsFinal())
        {
            errors.Add("spec.vmiName", "Cannot migrate VMI in finalized state.", $"{name} is {vmi.Status!.Phase}; only a running VMI can move.");
            return;
        }

        if (vmi.IsDeleting())
        {
            errors.Add("spec.vmiName", $"Cannot migrate VMI {name}, it is being deleted.", "");
            return;
        }

        if (vmi.Status?.Phase != VmiPhases.Running)
        {
            errors.Add(
                "spec.vmiName",
                $"Cannot migrate VMI {name}, it is not running (phase {vmi.Status?.Phase ?? "unknown"}).",
                $"Wait for it first: 'kubectl wait -n {facts.Namespace} vmi/{name} --for=jsonpath={{.status.phase}}=Running'.");
            return;
        }

        if (vmi.Status.Conditions.Find(Conditions.LiveMigratable) is { Status: Conditions.False } condition)
        {
            errors.Add("spec.vmiName", $"Cannot migrate VMI, Reason: {condition.Reason}, Message: {condition.Message}");
        }

        if (facts.Others.FirstOrDefault(other => other.Spec?.VmiName == name && !other.IsFinal()) is { } other)
        {
            errors.Add(
                "spec.vmiName",
                $"in-flight migration detected. Active migration job ({other.Metadata.Uid}) is currently already in progress for VMI {name}.",
                $"Wait until it has ended, or cancel it: 'kubectl delete vmim -n {facts.Namespace} {other.Metadata.Name}'.");
        }
    }

    public static void Update(VirtualMachineInstanceMigration old, VirtualMachineInstanceMigration updated, Errors errors)
    {
        if (!JsonEquality.Same(old.Spec, updated.Spec, TypesJson.Default.VirtualMachineInstanceMigrationSpec))
        {
            errors.Add(
                "spec",
                "update of Migration object's spec is restricted",
                "Delete the migration, which cancels it, and create another one.",
                FieldError.Forbidden);
        }

        if (old.IsFinal() || old.Metadata.Label(Labels.VmiName) is not { } label)
        {
            return;
        }

        var now = updated.Metadata.Label(Labels.VmiName);
        if (now != label)
        {
            errors.Add(
                $"metadata.labels[{Labels.VmiName}]",
                $"selector label can't be {(now is null ? "removed from" : "modified on")} an in-flight migration",
                $"Leave it at {label} until the migration has ended.",
                FieldError.Forbidden);
        }
    }
}

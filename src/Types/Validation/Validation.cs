namespace Godwit.Types;

/// <summary>
/// Rules for objects as a whole, all pure: object in, list of everything that is wrong out. An empty list means that
/// the object may be stored.
/// </summary>
public static class Validation
{
    /// <summary>A new VMI, after its defaults were filled in.</summary>
    public static IReadOnlyList<FieldError> VmiCreate(
        VirtualMachineInstance vmi, ClusterConfiguration cluster, bool byComponent)
    {
        var errors = new Errors();
        VmiValidation.Metadata(vmi, byComponent, errors);
        VmiValidation.Spec(vmi.Spec, cluster, errors);
        return errors.ToList();
    }

    /// <summary>A changed VMI. Only components may change the spec or the reserved labels.</summary>
    public static IReadOnlyList<FieldError> VmiUpdate(
        VirtualMachineInstance old, VirtualMachineInstance updated, bool byComponent)
    {
        var errors = new Errors();
        if (byComponent)
        {
            return errors.ToList();
        }

        if (!JsonEquality.Same(old.Spec, updated.Spec, TypesJson.Default.VirtualMachineInstanceSpec))
        {
            errors.Add(
                "spec",
                "update of VMI object is restricted",
                "The spec of a VMI is fixed once it is created: delete it and create it anew with the change.",
                FieldError.Forbidden);
        }

        if (Labels.Reserved.Any(key => old.Metadata.Label(key) != updated.Metadata.Label(key)))
        {
            errors.Add(
                "metadata.labels",
                "modification of the following reserved kubevirt.io/ labels on a VMI object is prohibited",
                $"Leave these labels as they are: {string.Join(", ", Labels.Reserved)}.",
                FieldError.Forbidden);
        }

        return errors.ToList();
    }

    /// <summary>A new or changed virtual machine.</summary>
    public static IReadOnlyList<FieldError> VirtualMachine(VirtualMachine vm, ClusterConfiguration cluster, bool byComponent)
    {
        var errors = new Errors();
        VirtualMachineValidation.Spec(vm.Spec, cluster, byComponent, errors);
        return errors.ToList();
    }

    /// <summary>A new or changed replica set of VMIs.</summary>
    public static IReadOnlyList<FieldError> ReplicaSet(
        VirtualMachineInstanceReplicaSet set, ClusterConfiguration cluster, bool byComponent)
    {
        var errors = new Errors();
        VirtualMachineValidation.Spec(set.Spec, cluster, byComponent, errors);
        return errors.ToList();
    }

    /// <summary>A new migration, judged together with the VMI that it names.</summary>
    public static IReadOnlyList<FieldError> MigrationCreate(
        VirtualMachineInstanceMigration migration, MigrationAdmissionFacts facts)
    {
        var errors = new Errors();
        MigrationValidation.Create(migration, facts, errors);
        return errors.ToList();
    }

    /// <summary>A changed migration: its spec is fixed, and while it is under way so is the label that finds it.</summary>
    public static IReadOnlyList<FieldError> MigrationUpdate(
        VirtualMachineInstanceMigration old, VirtualMachineInstanceMigration updated)
    {
        var errors = new Errors();
        MigrationValidation.Update(old, updated, errors);
        return errors.ToList();
    }

    /// <summary>A new or changed migration policy; what a gate guards may stay as it was without the gate.</summary>
    public static IReadOnlyList<FieldError> Policy(MigrationPolicy? old, MigrationPolicy policy, ClusterConfiguration cluster)
    {
        var errors = new Errors();
        PolicyValidation.Policy(old, policy, cluster, errors);
        return errors.ToList();
    }

    /// <summary>A new or changed KubeVirt resource.</summary>
    public static IReadOnlyList<FieldError> KubeVirt(KubeVirt updated)
    {
        var errors = new Errors();
        PolicyValidation.KubeVirt(updated, errors);
        return errors.ToList();
    }
}

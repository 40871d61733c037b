using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>Rules for VirtualMachines and VirtualMachineInstanceReplicaSets, pure.</summary>
public static class VirtualMachineAdmission
{
    public static AdmissionVerdict Mutate(AdmissionRequest request) =>
        request.IsCreate && Documents.TryRead(request.Object, TypesJson.Default.VirtualMachine, out var vm, out _)
            ? AdmissionVerdict.Changed(
                Documents.Patch(request.Object!, VirtualMachineDefaults.ForCreate(vm), TypesJson.Default.VirtualMachine))
            : AdmissionVerdict.Allowed;

    /// <summary>What is being deleted is not judged any more: nothing may keep its finalizer.</summary>
    public static AdmissionVerdict Validate(AdmissionRequest request, ClusterConfiguration cluster)
    {
        if (!Documents.TryRead(request.Object, TypesJson.Default.VirtualMachine, out var vm, out var refusal))
        {
            return refusal;
        }

        return vm.IsDeleting()
            ? AdmissionVerdict.Allowed
            : AdmissionVerdict.Judge(Validation.VirtualMachine(vm, cluster, request.ByComponent));
    }

    public static AdmissionVerdict ValidateReplicaSet(AdmissionRequest request, ClusterConfiguration cluster)
    {
        if (!Documents.TryRead(
            request.Object, TypesJson.Default.VirtualMachineInstanceReplicaSet, out var set, out var refusal))
        {
            return refusal;
        }

        return set.IsDeleting()
            ? AdmissionVerdict.Allowed
            : AdmissionVerdict.Judge(Validation.ReplicaSet(set, cluster, request.ByComponent));
    }
}

using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>Rules for VirtualMachineInstances, pure.</summary>
public static class VmiAdmission
{
    /// <summary>
    /// Fills in a new VMI. On updates by users the status is put back to what it was: VMIs have no status subresource, so
    /// that anyone who may edit a VMI could otherwise write what only controllers and agents know.
    /// </summary>
    public static AdmissionVerdict Mutate(AdmissionRequest request, ClusterConfiguration cluster, DateTimeOffset now)
    {
        if (request.IsUpdate)
        {
            return request.ByComponent ? AdmissionVerdict.Allowed : AdmissionVerdict.Changed(RestoreStatus(request));
        }

        // What cannot be read is not refused here: the schema and the validating webhook say better what is wrong with it.
        return request.IsCreate && Documents.TryRead(request.Object, TypesJson.Default.VirtualMachineInstance, out var vmi, out _)
            ? AdmissionVerdict.Changed(
                Documents.Patch(request.Object!, Defaults.ForCreate(vmi, cluster, now), TypesJson.Default.VirtualMachineInstance))
            : AdmissionVerdict.Allowed;
    }

    public static AdmissionVerdict ValidateCreate(AdmissionRequest request, ClusterConfiguration cluster) =>
        Documents.TryRead(request.Object, TypesJson.Default.VirtualMachineInstance, out var vmi, out var refusal)
            ? AdmissionVerdict.Judge(Validation.VmiCreate(vmi, cluster, request.ByComponent))
            : refusal;

    public static AdmissionVerdict ValidateUpdate(AdmissionRequest request)
    {
        if (!Documents.TryRead(request.Object, TypesJson.Default.VirtualMachineInstance, out var updated, out var refusal)
            || !Documents.TryRead(request.OldObject, TypesJson.Default.VirtualMachineInstance, out var old, out refusal))
        {
            return refusal;
        }

        return AdmissionVerdict.Judge(Validation.VmiUpdate(old, updated, request.ByComponent));
    }

    private static JsonArray RestoreStatus(AdmissionRequest request)
    {
        var before = request.OldObject?["status"];
        var after = request.Object?["status"];
        if (request.Object is null || JsonNode.DeepEquals(before, after))
        {
            return [];
        }

        if (before is null)
        {
            return [(JsonNode)JsonPatch.Remove("/status")];
        }

        // "add" replaces what is there.
        return [(JsonNode)JsonPatch.Add("/status", before.DeepClone())];
    }
}

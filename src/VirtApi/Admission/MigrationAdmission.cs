using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>Rules for VirtualMachineInstanceMigrations, pure.</summary>
public static class MigrationAdmission
{
    public static AdmissionVerdict Mutate(AdmissionRequest request) =>
        Documents.TryRead(request.Object, TypesJson.Default.VirtualMachineInstanceMigration, out var migration, out _)
            ? AdmissionVerdict.Changed(
                Documents.Patch(request.Object!, Defaults.ForCreate(migration), TypesJson.Default.VirtualMachineInstanceMigration))
            : AdmissionVerdict.Allowed;

    public static AdmissionVerdict ValidateCreate(AdmissionRequest request, MigrationAdmissionFacts facts) =>
        Documents.TryRead(request.Object, TypesJson.Default.VirtualMachineInstanceMigration, out var migration, out var refusal)
            ? AdmissionVerdict.Judge(Validation.MigrationCreate(migration, facts))
            : refusal;

    public static AdmissionVerdict ValidateUpdate(AdmissionRequest request)
    {
        if (!Documents.TryRead(request.Object, TypesJson.Default.VirtualMachineInstanceMigration, out var updated, out var refusal)
            || !Documents.TryRead(request.OldObject, TypesJson.Default.VirtualMachineInstanceMigration, out var old, out refusal))
        {
            return refusal;
        }

        return AdmissionVerdict.Judge(Validation.MigrationUpdate(old, updated));
    }
}

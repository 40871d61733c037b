using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>Rules for what administrators set: the KubeVirt resource and migration policies. Pure.</summary>
public static class SettingsAdmission
{
    public static AdmissionVerdict ValidatePolicy(AdmissionRequest request, ClusterConfiguration cluster) =>
        Documents.TryRead(request.Object, TypesJson.Default.MigrationPolicy, out var policy, out var refusal)
            ? AdmissionVerdict.Judge(Validation.Policy(policy, cluster))
            : refusal;

    /// <summary>Gates that need no naming any more, as they are always on, are a warning and no error.</summary>
    public static AdmissionVerdict ValidateKubeVirt(AdmissionRequest request) =>
        Documents.TryRead(request.Object, TypesJson.Default.KubeVirt, out var updated, out var refusal)
            ? AdmissionVerdict.Judge(Validation.KubeVirt(updated)) with { Warnings = FeatureGates.Warnings(updated.Spec?.Configuration?.DeveloperConfiguration) }
            : refusal;
}

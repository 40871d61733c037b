using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>Rules for what administrators set: the KubeVirt resource and migration policies. Pure.</summary>
public static class SettingsAdmission
{
    public static AdmissionVerdict ValidatePolicy(AdmissionRequest request, ClusterConfiguration cluster)
    {
        if (!Documents.TryRead(request.Object, TypesJson.Default.MigrationPolicy, out var policy, out var refusal))
        {
            return refusal;
        }

        // What was stored before and cannot be read any more is no reason to refuse what mends it.
        _ = Documents.TryRead(request.OldObject, TypesJson.Default.MigrationPolicy, out var old, out _);
        return AdmissionVerdict.Judge(Validation.Policy(old, policy, cluster)) with
        {
            Warnings = policy.Spec?.Experimental is null ? [] : IdleSettings.Warnings(new() { Experimental = policy.Spec.Experimental }, "spec"),
        };
    }

    /// <summary>The network for migrations that the resource newly names; null when it names none, or the one that it had.</summary>
    public static MigrationNetworkName? NewNetwork(AdmissionRequest request)
    {
        string[] path = ["spec", "configuration", "migrations", "network"];
        var name = request.Object.Text(path);
        return string.IsNullOrEmpty(name) || name == request.OldObject.Text(path) ? null : MigrationNetworkName.Read(name);
    }

    /// <summary>Gates that need no naming any more, as they are always on, and settings without effect are a warning and no error.</summary>
    /// <param name="request">The request.</param>
    /// <param name="missingNetwork">The network for migrations, when it was looked for and is not there.</param>
    public static AdmissionVerdict ValidateKubeVirt(AdmissionRequest request, MigrationNetworkName? missingNetwork = null)
    {
        if (!Documents.TryRead(request.Object, TypesJson.Default.KubeVirt, out var updated, out var refusal))
        {
            return refusal;
        }

        var configuration = updated.Spec?.Configuration;
        List<FieldError> errors = [.. Validation.KubeVirt(updated)];
        if (missingNetwork is not null)
        {
            errors.Add(new(
                "spec.configuration.migrations.network",
                $"the NetworkAttachmentDefinition {missingNetwork} does not exist",
                "Create it first: no guest could start, its pod would wait for the network."));
        }

        return AdmissionVerdict.Judge(errors) with
        {
            Warnings =
            [
                .. FeatureGates.Warnings(configuration?.DeveloperConfiguration),
                .. IdleSettings.Warnings(configuration?.Migrations, "spec.configuration.migrations"),
            ],
        };
    }
}

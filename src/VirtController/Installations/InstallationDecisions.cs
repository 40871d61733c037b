using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What the KubeVirt resource says of the installation and its settings. Pure.</summary>
public static class InstallationDecisions
{
    /// <param name="kubeVirt">The resource as it is.</param>
    /// <param name="version">Of this program.</param>
    /// <param name="errors">What in the ConfigMap kubevirt-config cannot be read.</param>
    /// <param name="now">The time.</param>
    public static KubeVirt Decide(KubeVirt kubeVirt, string version, IReadOnlyList<string> errors, DateTimeOffset now)
    {
        var status = kubeVirt.Status ?? new KubeVirtStatus();
        var conditions = (status.Conditions ?? [])
            .With(Conditions.Created, status: true, now, "AllResourcesCreated", "All resources were created.");
        conditions = conditions.With(Conditions.Available, status: true, now, "AllComponentsReady", "All components are ready.");
        conditions = conditions.With(Conditions.Progressing, status: false, now, "AllComponentsReady", "All components are ready.");
        conditions = conditions.With(Conditions.Degraded, status: false, now, "AllComponentsReady", "All components are ready.");
        conditions = errors.Count == 0
            ? conditions.Without(Conditions.ConfigurationInvalid)
            : conditions.With(Conditions.ConfigurationInvalid, status: true, now, EventReasons.InvalidConfiguration, Message(errors));
        return kubeVirt with
        {
            Status = status with
            {
                Phase = KubeVirtPhases.Deployed,
                Conditions = conditions,
                OperatorVersion = version,
                ObservedKubeVirtVersion = version,
                TargetKubeVirtVersion = version,
                ObservedGeneration = kubeVirt.Metadata.Generation,
                DefaultArchitecture = Defaults.Architecture,
            },
        };
    }

    /// <summary>What is told about the ConfigMap when its errors are no longer those that were told last; null when they are.</summary>
    public static PlannedEvent? Feedback(IReadOnlyList<string> told, IReadOnlyList<string> errors) => errors switch
    {
        _ when told.SequenceEqual(errors, StringComparer.Ordinal) => null,
        [] => new PlannedEvent(EventReasons.ConfigurationMended, "All settings can be read again and are in force."),
        _ => new PlannedEvent(EventReasons.InvalidConfiguration, Message(errors), Warning: true),
    };

    private static string Message(IReadOnlyList<string> errors) =>
        $"ConfigMap {Installation.Namespace}/{Installation.ConfigMapName}: {string.Join("; ", errors)}. What held before stays in force; mend it with 'kubectl edit configmap -n {Installation.Namespace} {Installation.ConfigMapName}'.";
}

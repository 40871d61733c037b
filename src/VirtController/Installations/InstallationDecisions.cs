using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What the KubeVirt resource says of the installation and its settings. Pure.</summary>
public static class InstallationDecisions
{
    private const string AllReady = "AllComponentsReady";

    /// <param name="kubeVirt">The resource as it is.</param>
    /// <param name="version">Of this program.</param>
    /// <param name="readiness">Whether the components work.</param>
    /// <param name="errors">What in the ConfigMap kubevirt-config cannot be read.</param>
    /// <param name="now">The time.</param>
    public static KubeVirt Decide(KubeVirt kubeVirt, string version, Readiness readiness, IReadOnlyList<string> errors, DateTimeOffset now)
    {
        var status = kubeVirt.Status ?? new KubeVirtStatus();
        var isAvailable = readiness.Lacking.Count == 0;
        var wasDeployed = status.Phase == KubeVirtPhases.Deployed;
        var (reason, message) = (isAvailable, wasDeployed) switch
        {
            (true, _) => (AllReady, "All components are ready."),
            (false, false) => ("DeploymentInProgress", Sentence(readiness.Lacking)),
            (false, true) => ("ComponentsNotReady", Sentence(readiness.Lacking)),
        };
        var (degradedReason, degradedMessage) = readiness.Silent.Count > 0 && (isAvailable || !wasDeployed)
            ? ("NodesSilent", $"virt-handler was not heard for more than {NodeDecisions.HeartbeatTimeout.TotalMinutes:0} minutes on {string.Join(", ", readiness.Silent)}; no new virtual machines go there.")
            : (reason, message);
        var conditions = (status.Conditions ?? [])
            .With(Conditions.Created, status: true, now, "AllResourcesCreated", "All resources were created.");
        conditions = conditions.With(Conditions.Available, isAvailable, now, reason, message);
        conditions = conditions.With(Conditions.Progressing, !isAvailable && !wasDeployed, now, reason, message);
        conditions = conditions.With(Conditions.Degraded, (!isAvailable && wasDeployed) || readiness.Silent.Count > 0, now, degradedReason, degradedMessage);
        conditions = errors.Count == 0
            ? conditions.Without(Conditions.ConfigurationInvalid)
            : conditions.With(Conditions.ConfigurationInvalid, status: true, now, EventReasons.InvalidConfiguration, Message(errors));
        return kubeVirt with
        {
            Status = status with
            {
                Phase = isAvailable || wasDeployed ? KubeVirtPhases.Deployed : KubeVirtPhases.Deploying,
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

    private static string Sentence(IReadOnlyList<string> lacking) => $"{string.Join("; ", lacking)}.";

    private static string Message(IReadOnlyList<string> errors) =>
        $"ConfigMap {Installation.Namespace}/{Installation.ConfigMapName}: {string.Join("; ", errors)}. What held before stays in force; mend it with 'kubectl edit configmap -n {Installation.Namespace} {Installation.ConfigMapName}'.";
}

using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What the KubeVirt resource says of the installation. Pure.</summary>
public static class InstallationDecisions
{
    public static KubeVirt Decide(KubeVirt kubeVirt, string version, DateTimeOffset now)
    {
        var status = kubeVirt.Status ?? new KubeVirtStatus();
        var conditions = (status.Conditions ?? [])
            .With(Conditions.Created, status: true, now, "AllResourcesCreated", "All resources were created.");
        conditions = conditions.With(Conditions.Available, status: true, now, "AllComponentsReady", "All components are ready.");
        conditions = conditions.With(Conditions.Progressing, status: false, now, "AllComponentsReady", "All components are ready.");
        conditions = conditions.With(Conditions.Degraded, status: false, now, "AllComponentsReady", "All components are ready.");
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
}

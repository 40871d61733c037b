using Godwit.LocalCluster.Aggregation;
using Godwit.LocalCluster.Authorization;
using Godwit.LocalCluster.Crd;
using Godwit.LocalCluster.Disruption;
using Godwit.LocalCluster.Endpoints;
using Godwit.LocalCluster.GarbageCollection;
using Godwit.LocalCluster.Quota;
using Godwit.LocalCluster.Workloads;

namespace Godwit.LocalCluster;

/// <summary>The controllers that every cluster has, whatever else runs in it.</summary>
public static class ClusterControllers
{
    public static IReadOnlyList<IClusterService> All() =>
        [new CrdController(), new GarbageCollector(), new NamespaceController(), new EndpointController(), new QuotaController(), new DisruptionController(),
            new ApiServiceController(), new RoleAggregationController(),
            new DeploymentController(), new ReplicaSetController(), new DaemonSetController()];
}

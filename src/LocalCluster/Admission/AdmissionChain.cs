using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Limits;
using Godwit.LocalCluster.Quota;
using Godwit.LocalCluster.Services;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Admission;

/// <summary>The gates that every API server has, in their order: limits before hooks and policies, quotas on what came out of them.</summary>
internal static class AdmissionChain
{
    public static IReadOnlyList<IAdmissionPlugin> Standard(ObjectStore store, ResourceRegistry registry, ServiceTransport transport, TimeProvider time) =>
    [
        new LimitRanger(store),
        new MutatingWebhooks(store, transport, time),
        new ValidatingPolicies(store, registry),
        new ValidatingWebhooks(store, transport, time),
        new QuotaAdmission(store),
    ];
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Quota;

/// <summary>Refuses creations that would use more than the quotas of the namespace allow.</summary>
public sealed class QuotaAdmission(ObjectStore store) : IAdmissionPlugin
{
    public Task ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Operation: AdmissionOperation.Create, Subresource: null, Namespace.Length: > 0, Object: { } obj })
        {
            var state = store.Snapshot;
            foreach (var quota in state.List("resourcequotas", request.Namespace))
            {
                Check(request, obj, quota.ToJsonObject(), state);
            }
        }

        return Task.CompletedTask;
    }

    private static void Check(AdmissionRequest request, JsonObject obj, JsonObject quota, StoreSnapshot state)
    {
        var isPod = request.Resource is { Group: "", Plural: "pods" };
        var requested = new List<string>();
        var used = new List<string>();
        var limited = new List<string>();
        foreach (var (key, hard) in quota.Strings("spec", "hard").OrderBy(h => h.Key, StringComparer.Ordinal))
        {
            Quantity wanted;
            if (ResourceUsage.CountedResource(key) == request.Resource.StoreName)
            {
                wanted = Quantity.From(1);
            }
            else if (isPod && ResourceUsage.Compute(key) is { } compute)
            {
                if (ResourceUsage.Silent(obj, compute.Part, compute.Resource) is { Count: > 0 } silent)
                {
                    throw Forbidden(request, $"failed quota: {quota.Name()}: must specify {key} for: {string.Join(',', silent)}");
                }

                wanted = ResourceUsage.OfPod(obj, compute.Part, compute.Resource);
            }
            else
            {
                continue;
            }

            var now = ResourceUsage.Used(key, request.Namespace, state) ?? Quantity.Zero;
            if (Quantity.TryParse(hard, out var bound) && (now + wanted).CompareTo(bound) > 0)
            {
                requested.Add($"{key}={wanted}");
                used.Add($"{key}={now}");
                limited.Add($"{key}={bound}");
            }
        }

        if (requested.Count > 0)
        {
            throw Forbidden(request, $"exceeded quota: {quota.Name()}, requested: {string.Join(',', requested)}, used: {string.Join(',', used)}, limited: {string.Join(',', limited)}");
        }
    }

    private static StatusException Forbidden(AdmissionRequest request, string why) =>
        ApiErrors.Forbidden(request.Resource.Group, request.Resource.Plural, request.Name, why);
}

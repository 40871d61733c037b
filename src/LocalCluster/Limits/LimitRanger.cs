using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Limits;

/// <summary>Gives new pods what the limit ranges of their namespace say when they say nothing, and refuses what is outside of the ranges.</summary>
public sealed class LimitRanger(ObjectStore store) : IAdmissionPlugin
{
    /// <summary>The annotation that tells what was filled in.</summary>
    private const string Note = "kubernetes.io/limit-ranger";

    public Task MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (IsAbout(request, "pods") && request.Object is { } pod)
        {
            var filled = Items(request).SelectMany(item => LimitRules.Fill(item, pod)).ToList();
            if (filled.Count > 0)
            {
                pod.Ensure("metadata", "annotations")[Note] = "LimitRanger plugin set: " + string.Join("; ", filled);
            }
        }

        return Task.CompletedTask;
    }

    public Task ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if ((IsAbout(request, "pods") || IsAbout(request, "persistentvolumeclaims")) && request.Object is { } obj)
        {
            var isPod = request.Resource.Plural == "pods";
            var problems = Items(request).SelectMany(item => isPod ? LimitRules.OfPod(item, obj) : LimitRules.OfClaim(item, obj)).ToList();
            if (problems.Count > 0)
            {
                throw ApiErrors.Forbidden(request.Resource.Group, request.Resource.Plural, request.Name, problems.Count == 1 ? problems[0] : $"[{string.Join(", ", problems)}]");
            }
        }

        return Task.CompletedTask;
    }

    private static bool IsAbout(AdmissionRequest request, string plural) =>
        request is { Operation: AdmissionOperation.Create, Subresource: null, Resource.Group: "" } && request.Resource.Plural == plural;

    private IEnumerable<JsonObject> Items(AdmissionRequest request) =>
        store.Snapshot.List("limitranges", request.Namespace).SelectMany(l => (l.ToJsonObject().At("spec", "limits") as JsonArray ?? []).OfType<JsonObject>());
}

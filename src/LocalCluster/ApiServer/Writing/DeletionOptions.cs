using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>DeleteOptions, checked.</summary>
internal sealed record DeletionOptions(long? GracePeriodSeconds, string? PropagationPolicy, bool? OrphanDependents, string? Uid, string? ResourceVersion, bool DryRun)
{
    public static DeletionOptions Parse(JsonObject? body)
    {
        if (body is null)
        {
            return new DeletionOptions(null, null, null, null, null, false);
        }

        var errors = new List<FieldError>();
        var policy = body["propagationPolicy"]?.GetValue<string>();
        if (policy is not (null or "Foreground" or "Background" or "Orphan"))
        {
            errors.Add(FieldError.NotSupported("propagationPolicy", '"' + policy + '"', ["Foreground", "Background", "Orphan", "nil"]));
        }

        bool? orphan = body["orphanDependents"] is { } o ? o.GetValueKind() == JsonValueKind.True : null;
        if (orphan is not null && policy is not null)
        {
            errors.Add(FieldError.Invalid("propagationPolicy", '"' + policy + '"', "orphanDependents and deletionPropagation cannot be both set"));
        }

        var dryRun = (body["dryRun"] as JsonArray)?.Select(d => d?.GetValue<string>()).ToList() ?? [];
        if (dryRun.Any(d => d != "All"))
        {
            errors.Add(FieldError.NotSupported("dryRun", '"' + dryRun.First(d => d != "All") + '"', ["All"]));
        }

        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid("meta.k8s.io", "DeleteOptions", "", errors);
        }

        var preconditions = body["preconditions"] as JsonObject;
        return new DeletionOptions(
            body.Integer("gracePeriodSeconds"),
            policy,
            orphan,
            preconditions?["uid"]?.GetValue<string>(),
            preconditions?["resourceVersion"]?.GetValue<string>(),
            dryRun.Count > 0);
    }

    public void CheckPreconditions(ResourceTarget target, JsonObject current)
    {
        var uid = ResourceOperations.Text(current, "metadata", "uid");
        if (Uid is not null && Uid != uid)
        {
            throw ApiErrors.Conflict(target.Resource.Group, target.Resource.Kind, target.Name,
                $"the UID in the precondition ({Uid}) does not match the UID in record ({uid}). The object might have been deleted and then recreated");
        }

        var revision = ResourceOperations.Text(current, "metadata", "resourceVersion");
        if (ResourceVersion is not null && ResourceVersion != revision)
        {
            throw ApiErrors.Conflict(target.Resource.Group, target.Resource.Kind, target.Name,
                $"the ResourceVersion in the precondition ({ResourceVersion}) does not match the ResourceVersion in record ({revision}). The object might have been modified");
        }
    }
}

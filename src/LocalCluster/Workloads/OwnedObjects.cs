using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Disruption;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Writes who owns what and how it is, and deletes what is no longer wanted.</summary>
internal static class OwnedObjects
{
    /// <summary>The reference that makes a workload the controller of an object.</summary>
    public static JsonObject Reference(JsonObject owner) => new()
    {
        ["apiVersion"] = owner.Text("apiVersion"),
        ["kind"] = owner.Text("kind"),
        ["name"] = owner.Name(),
        ["uid"] = owner.Uid(),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>Takes and lets go as planned; true when anything was written.</summary>
    public static async Task<bool> ApplyAsync(ResourceOperations operations, string resource, JsonObject owner, ClaimPlan plan, CancellationToken cancellationToken)
    {
        foreach (var claim in plan.Adopted)
        {
            await ModifyAsync(operations, resource, owner.Namespace(), claim, obj => Adopt(obj, owner), cancellationToken);
        }

        foreach (var claim in plan.Released)
        {
            await ModifyAsync(operations, resource, owner.Namespace(), claim, obj => Release(obj, owner.Uid()), cancellationToken);
        }

        return plan.Adopted.Count + plan.Released.Count > 0;
    }

    /// <summary>Deletes exactly this object; that it is gone already is as well.</summary>
    public static async Task DeleteAsync(ResourceOperations operations, string resource, string ns, string name, string uid, CancellationToken cancellationToken)
    {
        try
        {
            var options = new JsonObject { ["preconditions"] = new JsonObject { ["uid"] = uid } };
            await operations.DeleteAsync(operations.Target(resource, ns, name), options, RequestOptions.System, cancellationToken);
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            // Another one has the name by now, or none.
        }
    }

    /// <summary>Writes a workload's status, unless there is nothing new to say.</summary>
    public static async Task WriteStatusAsync(
        ResourceOperations operations, string resource, JsonObject workload, JsonObject? status, CancellationToken cancellationToken)
    {
        if (status is null)
        {
            return;
        }

        await operations.ModifyAsync(operations.Target(resource, workload.Namespace(), workload.Name(), "status"), _ =>
        {
            var changed = workload.Clone();
            changed["status"] = status.DeepClone();
            return changed;
        }, RequestOptions.System, cancellationToken);
    }

    /// <summary>Whether something was refused because its whole namespace goes.</summary>
    public static bool IsTerminating(StatusException e) =>
        (e.Details.At("causes") as JsonArray)?.Any(c => c.Text("reason") == "NamespaceTerminating") == true;

    private static JsonObject Adopt(JsonObject obj, JsonObject owner)
    {
        if (GuardedPod.ControllerOf(obj) is null)
        {
            var metadata = obj.Ensure("metadata");
            if (metadata["ownerReferences"] is not JsonArray owners)
            {
                metadata["ownerReferences"] = owners = [];
            }

            owners.Add((JsonNode)Reference(owner));
        }

        return obj;
    }

    private static JsonObject Release(JsonObject obj, string owner)
    {
        if (obj.At("metadata", "ownerReferences") is JsonArray owners)
        {
            foreach (var reference in owners.Where(o => o.Text("uid") == owner).ToList())
            {
                owners.Remove(reference);
            }

            if (owners.Count == 0)
            {
                obj.Ensure("metadata").Remove("ownerReferences");
            }
        }

        return obj;
    }

    private static async Task ModifyAsync(
        ResourceOperations operations, string resource, string ns, Claim claim, Func<JsonObject, JsonObject> change, CancellationToken cancellationToken)
    {
        try
        {
            await operations.ModifyAsync(operations.Target(resource, ns, claim.Name), obj => obj.Uid() == claim.Uid ? change(obj) : obj, RequestOptions.System, cancellationToken);
        }
        catch (StatusException e) when (e.Code == 404)
        {
            // It went meanwhile.
        }
    }
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer;

public sealed partial class ResourceOperations
{
    /// <summary>Server-side apply: the object as this manager wants it, merged with what others own. Says whether it was created.</summary>
    public async Task<(JsonObject Object, bool Created)> ApplyAsync(ResourceTarget target, JsonObject applied, bool force, RequestOptions options, CancellationToken cancellationToken)
    {
        options = options with { Applies = true };
        var root = target.Version.Schema?.Root;
        var entry = new FieldManager(options.FieldManager, "Apply", (string)applied["apiVersion"]!, target.Subresource ?? "");
        if (Store.Get(Key(target)) is null)
        {
            if (ResourceOperations.Text(applied, "metadata", "uid").Length > 0)
            {
                throw ApiErrors.Conflict(target.Resource.Group, target.Resource.Plural, target.Name, "uid mismatch: the provided object specified uid " + Text(applied, "metadata", "uid") + ", and no existing object was found");
            }

            var fresh = ServerSideApply.Merge(null, applied, entry, force, root, Timestamp(_time.GetUtcNow()));
            try
            {
                return (await CreateAsync(target with { Subresource = null }, fresh, options, cancellationToken), true);
            }
            catch (StatusException e) when (e.Reason == "AlreadyExists")
            {
                // Somebody else created it meanwhile: it is an update after all.
            }
        }

        var result = await ModifyAsync(target, old => ServerSideApply.Merge(old, applied, entry, force, root, Timestamp(_time.GetUtcNow())), options, cancellationToken);
        return (result, false);
    }

    /// <summary>Asks admission about the creation of a subresource's object that is not stored (an eviction, for instance).</summary>
    public async Task AdmitAsync(ResourceTarget target, JsonObject obj, RequestOptions options, CancellationToken cancellationToken)
    {
        var request = Request(AdmissionOperation.Create, target, target.Name, obj, null, options);
        foreach (var plugin in _admission)
        {
            await plugin.MutateAsync(request, cancellationToken);
        }

        foreach (var plugin in _admission)
        {
            await plugin.ValidateAsync(request, cancellationToken);
        }

        options.Warnings.AddRange(request.Warnings);
    }

    /// <summary>Creates the object, or leaves the existing one alone. For what the server itself needs to be there.</summary>
    public async Task EnsureAsync(ResourceTarget target, JsonObject obj, CancellationToken cancellationToken)
    {
        if (Store.Get(new StoreKey(target.Resource.StoreName, target.Namespace, target.Name)) is not null)
        {
            return;
        }

        try
        {
            await CreateAsync(target, obj, RequestOptions.System, cancellationToken);
        }
        catch (StatusException e) when (e.Code is 409 or 403)
        {
            // Made by somebody else meanwhile, or the namespace is on its way out.
        }
    }

    private void Track(JsonObject? old, JsonObject candidate, ResourceTarget target, RequestOptions options)
    {
        // To be given a node makes nobody an owner.
        if (!options.Applies && target.Subresource != "binding")
        {
            UpdateTracking.Track(old, candidate, target, options.FieldManager, Timestamp(_time.GetUtcNow()));
        }
    }

    /// <summary>What the strategy wrote into the status belongs to the part of the server that it stands for.</summary>
    private void TrackStatus(JsonObject? old, JsonObject candidate, ResourceTarget target)
    {
        if (target.Subresource is null && target.Resource.Strategy.StatusOwner is { } owner)
        {
            var before = (JsonObject)candidate.DeepClone();
            foreach (var field in owner.Fields)
            {
                before.Ensure("status")[field] = old?["status"]?[field]?.DeepClone();
            }

            UpdateTracking.Track(before, candidate, target with { Subresource = "status" }, owner.Manager, Timestamp(_time.GetUtcNow()));
        }
    }
}

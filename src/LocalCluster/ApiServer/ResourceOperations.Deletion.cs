using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer;

public sealed partial class ResourceOperations
{
    /// <summary>Deletes, or marks for deletion when there are finalizers or a grace period. Returns the last state, and whether it is gone.</summary>
    public async Task<(JsonObject Object, bool Gone)> DeleteAsync(ResourceTarget target, JsonObject? deleteOptions, RequestOptions options, CancellationToken cancellationToken)
    {
        var wanted = DeletionOptions.Parse(deleteOptions);
        options = options with { DryRun = options.DryRun || wanted.DryRun, Options = deleteOptions };
        for (var attempt = 1; ; attempt++)
        {
            var stored = Store.Get(Key(target)) ?? throw NotFound(target);
            var old = ObjectReader.Present(stored, target.Resource, target.Version);
            wanted.CheckPreconditions(target, old);
            if (target.Resource.Strategy.WhyKept(old) is { } kept)
            {
                throw ApiErrors.Forbidden(target.Resource.Group, target.Resource.Plural, target.Name, kept);
            }

            await MutateAsync(AdmissionOperation.Delete, target, target.Name, null, old, options, cancellationToken);
            await ValidateAsync(AdmissionOperation.Delete, target, target.Name, null, old, options, cancellationToken);
            var context = Context(target, target.Name, options);
            var grace = target.Resource.Strategy.GracePeriod(old, wanted.GracePeriodSeconds);
            var begun = (JsonObject)old.DeepClone();
            if (old["metadata"]!["deletionTimestamp"] is null)
            {
                target.Resource.Strategy.PrepareForDelete(context, begun);
            }

            var marked = DeletionRules.Mark(target, begun, wanted, grace, _time.GetUtcNow());
            var finished = DeletionRules.IsFinished(marked);
            if (finished && grace is null && old["metadata"]!["deletionTimestamp"] is null)
            {
                DeletionRules.Unmark(marked, old);
            }

            var (result, gone) = await DeleteOnceAsync(target, context, stored, old, marked, finished, options);
            switch (result.Outcome)
            {
                case StoreOutcome.Done:
                    return (marked, gone);
                case StoreOutcome.NotFound:
                    throw NotFound(target);
            }

            if (attempt == MaxAttempts)
            {
                throw ApiErrors.Modified(target.Resource.Group, target.Resource.Plural, target.Name);
            }
        }
    }

    private async Task<(StoreResult Result, bool Gone)> DeleteOnceAsync(
        ResourceTarget target, WriteContext context, StoredObject stored, JsonObject old, JsonObject marked, bool finished, RequestOptions options)
    {
        if (finished)
        {
            var (_, removed) = await RemoveAsync(target, context, stored, marked, marked, options);
            return (removed, true);
        }

        if (options.DryRun || JsonNode.DeepEquals(marked, old))
        {
            return (new StoreResult(StoreOutcome.Done, stored), false);
        }

        var result = await Store.UpdateAsync(stored.Key, ObjectReader.ToStorage(marked, target.Resource), stored.Revision);
        if (result.Outcome == StoreOutcome.Done)
        {
            SetRevision(marked, result.Object!.Revision);
            target.Resource.Strategy.Committed(context, marked, old);
        }

        return (result, false);
    }
}

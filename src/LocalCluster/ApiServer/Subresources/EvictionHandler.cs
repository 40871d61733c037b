using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Disruption;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>
/// pods/eviction: a deletion that PodDisruptionBudgets and admission may refuse. Admission sees it as CREATE of pods/eviction,
/// which is how a VM's launcher pod answers an eviction by a migration.
/// </summary>
internal sealed class EvictionHandler(ResourceOperations operations, TimeProvider time)
{
    private const int MaxAttempts = 20;
    private const int PauseMilliseconds = 25;

    public async Task HandleAsync(ApiRequest call)
    {
        var options = call.WriteOptions("CreateOptions");
        var body = await RequestBody.ReadObjectAsync(call.Http, "Eviction", []);
        if (body.Name() != call.Target.Name)
        {
            throw ApiErrors.BadRequest("name in URL does not match name in Eviction object");
        }

        if (body.Namespace() is { Length: > 0 } ns && ns != call.Target.Namespace)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        var deletion = body["deleteOptions"] as JsonObject ?? [];
        var wishes = DeletionOptions.Parse(deletion);
        options = options with { DryRun = options.DryRun || wishes.DryRun };
        await operations.AdmitAsync(call.Target, body, options, call.Aborted);
        ResponseWriter.Warn(call.Http, options.Warnings);
        var target = call.Target with { Subresource = null };
        for (var attempt = 1; await TryAsync(target, deletion, wishes, options, call.Aborted) is { } conflict; attempt++)
        {
            if (attempt == MaxAttempts)
            {
                throw conflict;
            }

            // Those who meet at one budget come back at different times.
            await Task.Delay(TimeSpan.FromMilliseconds(PauseMilliseconds * attempt * Random.Shared.NextDouble()), time, call.Aborted);
        }

        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status201Created, SubresourceHandlers.Success(StatusCodes.Status201Created));
    }

    // Not null: somebody else changed what the verdict rests on; all of it is to be read again.
    private async Task<StatusException?> TryAsync(ResourceTarget target, JsonObject deletion, DeletionOptions wishes, RequestOptions options, CancellationToken cancellationToken)
    {
        var pod = operations.Get(target);
        var budgets = operations.Store.Snapshot.List(BudgetStatus.Resource, target.Namespace).Select(b => b.ToJsonObject());
        var verdict = EvictionRules.Decide(pod, budgets, time.GetUtcNow());
        if (verdict.Refusal is { } refusal)
        {
            throw refusal;
        }

        // Before anything is taken from the budget: it is not to pay for another pod than the one that is meant.
        wishes.CheckPreconditions(target, pod);
        if (verdict.Spent is { } spent && !options.DryRun && await SpendAsync(verdict.Budget!, spent, cancellationToken) is { } conflict)
        {
            return conflict;
        }

        var pinned = verdict.AtThisRevision && wishes.ResourceVersion is null;
        try
        {
            await DeleteAsync(target, deletion, pinned ? wishes with { ResourceVersion = pod.ResourceVersion() } : wishes, options, cancellationToken);
            return null;
        }
        catch (StatusException e) when (e.Code == StatusCodes.Status409Conflict && pinned)
        {
            // It may have become healthy: one that was pending is looked at anew, a budget's judgement the client has to ask for again.
            return verdict.Budget is null ? e : throw EvictionRules.NotYet(verdict.Budget);
        }
    }

    // Only from the budget as it was read, so that of two evictions one sees what the other took.
    private async Task<StatusException?> SpendAsync(JsonObject budget, JsonObject spent, CancellationToken cancellationToken)
    {
        try
        {
            await operations.ModifyAsync(operations.Target(BudgetStatus.Resource, budget.Namespace(), budget.Name(), "status"), _ =>
            {
                var changed = budget.Clone();
                changed["status"] = spent.DeepClone();
                return changed;
            }, RequestOptions.System, cancellationToken);
            return null;
        }
        catch (StatusException e) when (e.Code is StatusCodes.Status404NotFound or StatusCodes.Status409Conflict)
        {
            return e;
        }
    }

    // The pod says why it goes before it goes, as its owner may want to know.
    private async Task DeleteAsync(ResourceTarget target, JsonObject deletion, DeletionOptions wishes, RequestOptions options, CancellationToken cancellationToken)
    {
        options = options with { Admitted = true, FieldValidation = "Ignore" };
        if (!options.DryRun)
        {
            var marked = await operations.ModifyAsync(target with { Subresource = "status" }, pod =>
            {
                wishes.CheckPreconditions(target, pod);
                return Mark(pod);
            }, options, cancellationToken);
            if (wishes.ResourceVersion is not null)
            {
                wishes = wishes with { ResourceVersion = marked.ResourceVersion() };
            }
        }

        var asked = deletion.Clone();
        if (wishes.ResourceVersion is { } revision)
        {
            asked.Ensure("preconditions")["resourceVersion"] = revision;
        }

        await operations.DeleteAsync(target, asked, options, cancellationToken);
    }

    private JsonObject Mark(JsonObject pod)
    {
        var status = pod.Ensure("status");
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        var before = conditions.FirstOrDefault(c => c.Text("type") == "DisruptionTarget");
        var condition = new JsonObject
        {
            ["type"] = "DisruptionTarget",
            ["status"] = "True",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = (before.Text("status") == "True" ? before.Text("lastTransitionTime") : null) ?? ResourceOperations.Timestamp(time.GetUtcNow()),
            ["reason"] = "EvictionByEvictionAPI",
            ["message"] = "Eviction API: evicting",
        };
        if (before is null)
        {
            conditions.Add((JsonNode)condition);
        }
        else
        {
            conditions[conditions.IndexOf(before)] = condition;
        }

        return pod;
    }
}

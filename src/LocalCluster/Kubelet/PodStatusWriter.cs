using System.Text.Json.Nodes;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Tells the API a pod's status when it has changed, bound to the pod's UID so that a namesake is never touched.</summary>
internal sealed class PodStatusWriter(KubeletServices services)
{
    private DateTimeOffset? _startTime;
    private string? _sent;
    private Dictionary<string, (string Status, DateTimeOffset Since)> _conditions = [];

    /// <summary>When the pod was first seen here; the API remembers it across restarts.</summary>
    public DateTimeOffset StartTime(Pod pod, DateTimeOffset now) => _startTime ??= pod.Status.StartTime ?? now;

    public async Task WriteAsync(PodFacts facts, PodPlan plan, CancellationToken cancellation)
    {
        var status = PodStatusBuilder.Build(WithOwnConditions(facts), plan, services.Options.Place.Address.ToString());
        var text = status.ToJsonString();
        if (text == _sent)
        {
            return;
        }
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = facts.Pod.Metadata.Uid }, ["status"] = status };
        try
        {
            await services.Api.PatchAsync(
                NodeKinds.Pod, new(facts.Pod.Metadata.Namespace!, facts.Pod.Metadata.Name), PatchKind.StrategicMerge, patch, WriteOptions.Status, cancellation);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or another pod of that name by now: the watch will say so.
            return;
        }
        _sent = text;
        Remember(status, facts.Now);
    }

    /// <summary>What was sent last is newer than what the watch has brought back.</summary>
    private PodFacts WithOwnConditions(PodFacts facts)
    {
        var conditions = (facts.Pod.Status.Conditions ?? []).ConvertAll(c =>
            _conditions.TryGetValue(c.Type, out var own) ? c with { Status = own.Status, LastTransitionTime = own.Since } : c);
        conditions.AddRange(_conditions.Where(o => !conditions.Exists(c => c.Type == o.Key))
            .Select(o => new PodCondition { Type = o.Key, Status = o.Value.Status, LastTransitionTime = o.Value.Since }));
        return facts with { Pod = facts.Pod with { Status = facts.Pod.Status with { Conditions = conditions } } };
    }

    private void Remember(JsonObject status, DateTimeOffset now)
    {
        _conditions = status["conditions"]!.AsArray().ToDictionary(
            c => (string)c!["type"]!,
            c => ((string)c!["status"]!, DateTimeOffset.TryParse((string?)c["lastTransitionTime"], out var since) ? since : now),
            StringComparer.Ordinal);
    }
}

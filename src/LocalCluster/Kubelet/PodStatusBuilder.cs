using System.Text.Json.Nodes;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Writes a pod's status from facts; pure. Conditions keep the time of their last change from what the API has.</summary>
public static class PodStatusBuilder
{
    public static JsonObject Build(PodFacts facts, PodPlan plan, string hostIp)
    {
        var pod = facts.Pod;
        var address = facts.Sandbox?.Address ?? pod.Status.PodIp;
        var status = new JsonObject
        {
            ["phase"] = plan.Phase,
            ["qosClass"] = pod.Status.QosClass ?? QosClass.Of(pod),
            ["hostIP"] = hostIp,
            ["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = hostIp }),
            ["startTime"] = Time(facts.StartTime),
            ["conditions"] = Conditions(facts, plan),
            ["containerStatuses"] = new JsonArray([.. pod.Spec.Containers.Select(c => ContainerStatus(facts, plan, c, isInit: false))]),
        };
        if (facts.InitContainers.Any())
        {
            status["initContainerStatuses"] = new JsonArray([.. facts.InitContainers.Select(c => ContainerStatus(facts, plan, c, isInit: true))]);
        }
        if (address is not null)
        {
            status["podIP"] = address;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address });
        }
        if (plan.Reason is not null)
        {
            status["reason"] = plan.Reason;
            status["message"] = plan.Message;
        }
        return status;
    }

    /// <summary>Time as the API writes it.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>Whether a container counts as ready.</summary>
    public static bool IsReady(PodFacts facts, Container container) =>
        facts.Run(container.Name) is { IsRunning: true } run
        && facts.Probe(run) is var probe
        && (container.StartupProbe is null || probe?.IsStarted == true)
        && (container.ReadinessProbe is null || probe?.IsReady == true);

    private static JsonArray Conditions(PodFacts facts, PodPlan plan)
    {
        var unready = facts.Pod.Spec.Containers.Where(c => !IsReady(facts, c)).Select(c => c.Name).ToList();
        var incomplete = facts.InitContainers.Where(c => !IsInitialized(facts, c)).Select(c => c.Name).ToList();
        var ended = plan.Phase switch { "Succeeded" => "PodCompleted", "Failed" => "PodFailed", _ => null };
        var readiness = unready.Count == 0
            ? new PodCondition { Status = "True" }
            : ended is not null
                ? new PodCondition { Status = "False", Reason = ended }
                : new PodCondition { Status = "False", Reason = "ContainersNotReady", Message = $"containers with unready status: [{string.Join(' ', unready)}]" };
        var initialized = incomplete.Count == 0
            ? new PodCondition { Status = "True", Reason = plan.Phase == "Succeeded" && facts.InitContainers.Any() ? "PodCompleted" : null }
            : new PodCondition { Status = "False", Reason = "ContainersNotInitialized", Message = $"containers with incomplete status: [{string.Join(' ', incomplete)}]" };
        var gates = (facts.Pod.Spec.ReadinessGates ?? [])
            .Where(g => facts.Pod.Status.Conditions?.Find(c => c.Type == g.ConditionType)?.Status != "True").Select(g => g.ConditionType).ToList();
        var ready = readiness.Status == "True" && gates.Count > 0
            ? new PodCondition { Status = "False", Reason = "ReadinessGatesNotReady", Message = $"the status of pod readiness gate [{string.Join(' ', gates)}] is not \"True\"" }
            : readiness;
        PodCondition[] wanted =
        [
            new() { Type = "PodReadyToStartContainers", Status = facts.Sandbox is not null && !plan.Release ? "True" : "False" },
            initialized with { Type = "Initialized" },
            ready with { Type = "Ready" },
            readiness with { Type = "ContainersReady" },
            new() { Type = "PodScheduled", Status = "True" },
        ];
        return [.. wanted.Select(c => (JsonNode)Condition(c, facts))];
    }

    private static bool IsInitialized(PodFacts facts, Container container) => facts.Run(container.Name) is { } run
        && (container.RestartPolicy == "Always" ? run.StartedAt is not null : run is { IsFinished: true, ExitCode: 0 });

    private static JsonObject Condition(PodCondition condition, PodFacts facts)
    {
        var known = facts.Pod.Status.Conditions?.Find(c => c.Type == condition.Type);
        var since = known is not null && known.Status == condition.Status ? known.LastTransitionTime : null;
        var json = new JsonObject
        {
            ["type"] = condition.Type,
            ["status"] = condition.Status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = Time(since ?? facts.Now),
        };
        // Explicit nulls: a merge by type would otherwise keep the reason of the time before.
        json["reason"] = condition.Reason;
        json["message"] = condition.Message;
        return json;
    }

    private static JsonObject ContainerStatus(PodFacts facts, PodPlan plan, Container container, bool isInit)
    {
        var run = facts.Run(container.Name);
        var trouble = facts.Troubles.GetValueOrDefault(container.Name);
        var restarts = plan.Phase is not ("Succeeded" or "Failed") && run is { IsFinished: true }
            && facts.KillAt is null && PodDecision.Restarts(facts.Pod, container, run, isInit);
        var waiting = run is null || (restarts && (trouble is not null || PodDecision.RestartAt(run!) > facts.Now));
        var state = waiting ? Waiting(facts, plan, container, run, trouble, isInit) : State(run!);
        var last = waiting && run is { IsFinished: true } ? run : facts.Previous.GetValueOrDefault(container.Name);
        var shown = run ?? facts.Previous.GetValueOrDefault(container.Name);
        var json = new JsonObject
        {
            ["name"] = container.Name,
            ["image"] = container.Image,
            ["imageID"] = shown?.ImageId ?? "",
            ["ready"] = isInit && container.RestartPolicy != "Always" ? run is { IsFinished: true, ExitCode: 0 } : IsReady(facts, container),
            ["started"] = run is { IsRunning: true } && (container.StartupProbe is null || facts.Probe(run)?.IsStarted == true),
            ["restartCount"] = run?.Attempt ?? 0,
            ["state"] = state,
            ["lastState"] = last is null ? new JsonObject() : State(last),
        };
        if (shown is not null)
        {
            json["containerID"] = $"conmon://{shown.Id}";
        }
        return json;
    }

    private static JsonObject State(ContainerRecord run)
    {
        if (run.IsRunning)
        {
            return new() { ["running"] = new JsonObject { ["startedAt"] = Time(run.StartedAt!.Value) } };
        }
        var terminated = new JsonObject
        {
            ["exitCode"] = run.ExitCode,
            ["reason"] = run.Reason,
            ["startedAt"] = Time(run.StartedAt!.Value),
            ["finishedAt"] = Time(run.FinishedAt!.Value),
            ["containerID"] = $"conmon://{run.Id}",
        };
        if (run.Message is { Length: > 0 } message)
        {
            terminated["message"] = message;
        }
        return new() { ["terminated"] = terminated };
    }

    private static JsonObject Waiting(PodFacts facts, PodPlan plan, Container container, ContainerRecord? run, StartTrouble? trouble, bool isInit)
    {
        var (reason, message) = (trouble, run) switch
        {
            ({ } t, _) => (t.Reason, (string?)t.Message),
            (_, { IsFinished: true } r) when PodDecision.RestartAt(r) > facts.Now => ("CrashLoopBackOff",
                $"back-off {Duration(PodDecision.BackOff(PodDecision.CrashesAfter(r) - 1))} restarting failed container={container.Name} pod={facts.Pod.Metadata.Name}_{facts.Pod.Metadata.Namespace}({facts.Pod.Metadata.Uid})"),
            _ when plan.Phase is "Succeeded" or "Failed" => ("PodInitializing", null),
            _ when !isInit && facts.InitContainers.Any(c => !IsInitialized(facts, c)) => ("PodInitializing", null),
            _ => (facts.InitContainers.Any() ? "PodInitializing" : "ContainerCreating", null),
        };
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
        {
            waiting["message"] = message;
        }
        return new() { ["waiting"] = waiting };
    }

    private static string Duration(TimeSpan time) => time.TotalSeconds < 60 ? $"{time.TotalSeconds:0}s" : $"{(int)time.TotalMinutes}m{time.Seconds}s";
}

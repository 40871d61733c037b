using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Decides what is done for a pod; pure, so that every rule can be tabled.</summary>
public static class PodDecision
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(5);

    /// <summary>A container that ran so long starts again with a clean slate.</summary>
    public static readonly TimeSpan LongRun = TimeSpan.FromMinutes(10);

    public static PodPlan Decide(PodFacts facts)
    {
        var (phase, reason, message) = Phase(facts);
        if (facts.IsGone || facts.Pod.Metadata.DeletionTimestamp is not null)
        {
            return Ending(facts, phase);
        }
        if (facts.Pod.IsFinished || phase is "Succeeded" or "Failed")
        {
            var stops = StopAll(facts, facts.Now + Grace(facts.Pod), reason ?? "the pod has ended");
            if (stops.Count > 0 && !facts.Pod.IsFinished)
            {
                // A pod is said to have ended once nothing of it runs.
                (phase, reason, message) = (facts.Pod.Status.Phase ?? "Pending", null, null);
            }
            return new PodPlan { Phase = phase, Reason = reason, Message = message, Stops = stops, Release = stops.Count == 0, WakeAt = stops.Select(s => (DateTimeOffset?)s.KillAt).Min() };
        }
        return Running(facts, phase);
    }

    /// <summary>How long a container that ended is left alone before it is started again.</summary>
    public static TimeSpan BackOff(int crashes) => crashes == 0
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Math.Min(LongestBackOff.TotalSeconds, FirstBackOff.TotalSeconds * Math.Pow(2, Math.Min(crashes - 1, 10))));

    /// <summary>When an ended container may start again.</summary>
    public static DateTimeOffset RestartAt(ContainerRecord run) => run.FinishedAt!.Value + BackOff(CrashesAfter(run) - 1);

    /// <summary>Whether an ended container is to run again.</summary>
    public static bool Restarts(Pod pod, Container container, ContainerRecord run, bool isInit) => Policy(pod, container) switch
    {
        "Never" => false,
        "OnFailure" => run.ExitCode != 0,
        // An init container that did its work is done, whatever the pod's policy; only its own Always makes it a side car.
        _ => !isInit || run.ExitCode != 0 || container.RestartPolicy == "Always",
    };

    /// <summary>The pod's phase as its containers make it.</summary>
    public static (string Phase, string? Reason, string? Message) Phase(PodFacts facts)
    {
        var pod = facts.Pod;
        if (pod.IsFinished)
        {
            return (pod.Status.Phase!, pod.Status.Reason, pod.Status.Message);
        }
        if (pod.Spec.ActiveDeadlineSeconds is { } limit && facts.Now >= facts.StartTime.AddSeconds(limit))
        {
            return ("Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
        }
        foreach (var container in facts.InitContainers.Where(c => c.RestartPolicy != "Always"))
        {
            var run = facts.Run(container.Name);
            if (run is not { IsFinished: true, ExitCode: 0 })
            {
                var failed = run is { IsFinished: true } && !Restarts(pod, container, run, isInit: true);
                return (failed ? "Failed" : "Pending", null, null);
            }
        }
        var runs = pod.Spec.Containers.ConvertAll(c => (Container: c, Run: facts.Run(c.Name)));
        var isEnding = facts.IsGone || pod.Metadata.DeletionTimestamp is not null;
        if (runs.TrueForAll(r => r.Run is { IsFinished: true } && (isEnding || !Restarts(pod, r.Container, r.Run, isInit: false))))
        {
            return (runs.TrueForAll(r => r.Run!.ExitCode == 0) ? "Succeeded" : "Failed", null, null);
        }
        // Once a container has run, the pod is running, also between two of its runs.
        return (runs.TrueForAll(r => r.Run?.StartedAt is not null) ? "Running" : "Pending", null, null);
    }

    /// <summary>Grace period of a pod that ends for a reason of its own.</summary>
    public static TimeSpan Grace(Pod pod) => TimeSpan.FromSeconds(pod.Spec.TerminationGracePeriodSeconds ?? 30);

    /// <summary>How many ends in a row a run's end makes.</summary>
    public static int CrashesAfter(ContainerRecord run) => run.FinishedAt - run.StartedAt >= LongRun ? 1 : run.Crashes + 1;

    private static PodPlan Ending(PodFacts facts, string phase)
    {
        var stops = StopAll(facts, facts.KillAt ?? facts.Now, "Stopping container");
        return new PodPlan
        {
            Phase = phase,
            Stops = stops,
            Remove = stops.Count == 0,
            WakeAt = stops.Select(s => (DateTimeOffset?)s.KillAt).Min(),
        };
    }

    private static PodPlan Running(PodFacts facts, string phase)
    {
        var pod = facts.Pod;
        var starts = new List<StartOrder>();
        var waits = new List<DateTimeOffset>();
        var stops = Unhealthy(facts);
        if (pod.Spec.ActiveDeadlineSeconds is { } limit)
        {
            waits.Add(facts.StartTime.AddSeconds(limit));
        }
        if (Initialize(facts, starts, waits))
        {
            foreach (var container in pod.Spec.Containers)
            {
                Consider(facts, container, isInit: false, starts, waits);
            }
        }
        waits.AddRange(stops.Select(s => s.KillAt));
        return new PodPlan
        {
            Phase = phase,
            Starts = starts,
            Stops = stops,
            WakeAt = waits.Count == 0 ? null : waits.Min(),
        };
    }

    /// <summary>Takes the init containers one after another; true when all have done their work.</summary>
    private static bool Initialize(PodFacts facts, List<StartOrder> starts, List<DateTimeOffset> waits)
    {
        foreach (var container in facts.InitContainers)
        {
            var isSidecar = container.RestartPolicy == "Always";
            var run = facts.Run(container.Name);
            if (run is { IsFinished: true, ExitCode: 0 } && !isSidecar)
            {
                continue;
            }
            Consider(facts, container, isInit: true, starts, waits);
            if (isSidecar && run is not null && (run.IsFinished || facts.Probe(run)?.IsStarted != false))
            {
                continue;
            }
            return false;
        }
        return true;
    }

    private static void Consider(PodFacts facts, Container container, bool isInit, List<StartOrder> starts, List<DateTimeOffset> waits)
    {
        var run = facts.Run(container.Name);
        if (run is { IsFinished: false } || (run is not null && !Restarts(facts.Pod, container, run, isInit)))
        {
            return;
        }
        var due = run is null ? facts.Now : RestartAt(run);
        if (facts.Troubles.GetValueOrDefault(container.Name) is { } trouble && trouble.RetryAt > due)
        {
            due = trouble.RetryAt;
        }
        if (due > facts.Now)
        {
            waits.Add(due);
            return;
        }
        starts.Add(run is null
            ? new StartOrder(container, isInit, Attempt: 0, Crashes: 0)
            : new StartOrder(container, isInit, run.Attempt + 1, CrashesAfter(run)));
    }

    private static List<StopOrder> Unhealthy(PodFacts facts)
    {
        var result = new List<StopOrder>();
        foreach (var run in facts.Latest.Values.Where(r => r.IsRunning))
        {
            var why = facts.Probe(run)?.Unhealthy ?? (run.StopSentAt is null ? null : "Stopping container");
            if (why is not null)
            {
                result.Add(new StopOrder(run, (run.StopSentAt ?? facts.Now) + Grace(facts.Pod), why));
            }
        }
        return result;
    }

    /// <summary>All that runs but for side cars that others still count on: they go when these have ended, the last one first.</summary>
    private static List<StopOrder> StopAll(PodFacts facts, DateTimeOffset killAt, string why)
    {
        var running = facts.Latest.Values.Where(r => r.IsRunning).ToList();
        var sidecars = facts.InitContainers.Where(c => c.RestartPolicy == "Always").Select(c => c.Name).ToList();
        var orders = running.ConvertAll(r => new StopOrder(r, facts.KillAt ?? (r.StopSentAt is { } sent ? sent + Grace(facts.Pod) : killAt), why));
        return [.. orders.Where(o => o.KillAt <= facts.Now || running.TrueForAll(other => sidecars.IndexOf(o.Run.Name) < 0 || !Outlasts(o.Run, other)))];

        // Of two side cars the earlier one stays for the later; all stay for what is none.
        bool Outlasts(ContainerRecord sidecar, ContainerRecord other) =>
            other != sidecar && (sidecars.IndexOf(other.Name) is var index && (index < 0 || index > sidecars.IndexOf(sidecar.Name)));
    }

    private static string Policy(Pod pod, Container container) => container.RestartPolicy ?? pod.Spec.RestartPolicy ?? "Always";
}

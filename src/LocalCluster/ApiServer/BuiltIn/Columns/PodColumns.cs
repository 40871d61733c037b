using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Columns;

/// <summary>The columns of pods; STATUS tells more than the phase.</summary>
internal static class PodColumns
{
    public static readonly IReadOnlyList<TableColumn> All =
    [
        Cells.Text("Ready", "The aggregate readiness state of this pod for accepting traffic.", Ready),
        Cells.Text("Status", "The aggregate status of the containers in this pod.", Status),
        Cells.Timed("Restarts", "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.", Restarts),
        TableColumn.Age,
        Cells.Text("IP", "The address at which the pod is reached.", p => Cells.OrNone(Address(p)), 1),
        Cells.Text("Node", "The node that the pod runs on.", p => Cells.OrNone(Cells.Field(p, "spec", "nodeName")), 1),
        Cells.Text("Nominated Node", "The node on which room is being made for this pod.", p => Cells.OrNone(Cells.Field(p, "status", "nominatedNodeName")), 1),
        Cells.Text("Readiness Gates", "Conditions that the pod's readiness waits for besides its containers.", Gates, 1),
    ];

    /// <summary>What kubectl shows as STATUS.</summary>
    public static string Status(JsonObject pod)
    {
        var reason = Cells.Field(pod, "status", "reason") is { Length: > 0 } given ? given : Cells.Field(pod, "status", "phase");
        if (Cells.List(pod["status"]?["conditions"]).Any(c => Cells.Field(c, "type") == "PodScheduled" && Cells.Field(c, "reason") == "SchedulingGated"))
        {
            reason = "SchedulingGated";
        }

        var initializing = Initializing(pod);
        reason = initializing ?? Containers(pod, reason);
        if (pod["metadata"]?["deletionTimestamp"] is null)
        {
            return reason;
        }

        return Cells.Field(pod, "status", "reason") == "NodeLost" ? "Unknown"
            : Cells.Field(pod, "status", "phase") is "Succeeded" or "Failed" ? reason
            : "Terminating";
    }

    private static string? Initializing(JsonObject pod)
    {
        var total = Cells.List(pod["spec"]?["initContainers"]).Count();
        var statuses = Cells.List(pod["status"]?["initContainerStatuses"]).ToList();
        for (var i = 0; i < statuses.Count; i++)
        {
            var state = statuses[i]["state"];
            if (state?["terminated"] is JsonObject ended)
            {
                if (Cells.Integer(ended["exitCode"]) == 0)
                {
                    continue;
                }

                return "Init:" + Ended(ended);
            }

            if (Cells.Flag(statuses[i]["started"]) && Sidecar(pod, Cells.Field(statuses[i], "name")))
            {
                continue;
            }

            return Cells.Field(state?["waiting"], "reason") is { Length: > 0 } waiting && waiting != "PodInitializing"
                ? "Init:" + waiting
                : $"Init:{i}/{total}";
        }

        return null;
    }

    private static bool Sidecar(JsonObject pod, string name) =>
        Cells.List(pod["spec"]?["initContainers"]).Any(c => Cells.Field(c, "name") == name && Cells.Field(c, "restartPolicy") == "Always");

    private static string Containers(JsonObject pod, string reason)
    {
        var running = false;
        foreach (var status in Cells.List(pod["status"]?["containerStatuses"]).Reverse())
        {
            var state = status["state"];
            if (Cells.Field(state?["waiting"], "reason") is { Length: > 0 } waiting)
            {
                reason = waiting;
            }
            else if (state?["terminated"] is JsonObject ended)
            {
                reason = Ended(ended);
            }
            else if (Cells.Flag(status["ready"]) && state?["running"] is not null)
            {
                running = true;
            }
        }

        if (reason == "Completed" && running)
        {
            var ready = Cells.List(pod["status"]?["conditions"]).Any(c => Cells.Field(c, "type") == "Ready" && Cells.Field(c, "status") == "True");
            return ready ? "Running" : "NotReady";
        }

        return reason;
    }

    private static string Ended(JsonObject terminated)
    {
        if (Cells.Field(terminated, "reason") is { Length: > 0 } reason)
        {
            return reason;
        }

        var signal = Cells.Integer(terminated["signal"]);
        return signal != 0 ? $"Signal:{signal}" : $"ExitCode:{Cells.Integer(terminated["exitCode"])}";
    }

    private static string Ready(JsonObject pod)
    {
        var total = Cells.List(pod["spec"]?["containers"]).Count();
        var ready = Cells.List(pod["status"]?["containerStatuses"]).Count(s => Cells.Flag(s["ready"]) && s["state"]?["running"] is not null);
        return $"{ready}/{total}";
    }

    private static string Restarts(JsonObject pod, TimeProvider time)
    {
        var statuses = Cells.List(pod["status"]?["containerStatuses"]).ToList();
        var count = statuses.Sum(s => Cells.Integer(s["restartCount"]));
        var last = statuses.Select(s => Cells.Field(s["lastState"]?["terminated"], "finishedAt")).Where(t => t.Length > 0).Max(StringComparer.Ordinal);
        return count > 0 && last is not null ? $"{count} ({HumanDuration.Since(last, time)} ago)" : count.ToString();
    }

    private static string Address(JsonObject pod) =>
        Cells.List(pod["status"]?["podIPs"]).Select(i => Cells.Field(i, "ip")).FirstOrDefault() ?? Cells.Field(pod, "status", "podIP");

    private static string Gates(JsonObject pod)
    {
        var gates = Cells.List(pod["spec"]?["readinessGates"]).Select(g => Cells.Field(g, "conditionType")).ToList();
        if (gates.Count == 0)
        {
            return Cells.None;
        }

        var met = gates.Count(g => Cells.List(pod["status"]?["conditions"]).Any(c => Cells.Field(c, "type") == g && Cells.Field(c, "status") == "True"));
        return $"{met}/{gates.Count}";
    }
}

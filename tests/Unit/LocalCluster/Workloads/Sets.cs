using System.Text.Json.Nodes;
using Godwit.LocalCluster.Workloads;

namespace Godwit.Unit.LocalCluster.Workloads;

/// <summary>Workloads and pods for tables of cases.</summary>
internal static class Sets
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A deployment <c>d</c> whose template has this value.</summary>
    public static JsonObject Deployment(int replicas, string value, string spec = "") => Parse($$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"n","uid":"D","generation":1},
         "spec":{"replicas":{{{replicas}}},"progressDeadlineSeconds":600,"revisionHistoryLimit":1,"selector":{"matchLabels":{"app":"d"}},
          "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},"template":{{{Template(value)}}}{{{spec}}}},"status":{}}
        """);

    /// <summary>A replica set of <c>d</c> with this value in its template.</summary>
    public static JsonObject ReplicaSet(string value, int wanted, int available, int revision, int? replicas = null, int desired = -1, int most = 0)
    {
        var set = Parse($$$"""
            {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"d-{{{value}}}","namespace":"n","uid":"{{{value}}}","generation":1,"creationTimestamp":"2026-01-01T00:00:{{{revision:00}}}Z",
              "annotations":{"deployment.kubernetes.io/revision":"{{{revision}}}"}},
             "spec":{"replicas":{{{wanted}}},"selector":{"matchLabels":{"app":"d"}},"template":{{{Template(value)}}}},
             "status":{"replicas":{{{replicas ?? wanted}}},"readyReplicas":{{{available}}},"availableReplicas":{{{available}}},"terminatingReplicas":0,"observedGeneration":1}}
            """);
        set["spec"]!["template"]!["metadata"]!["labels"]!["pod-template-hash"] = value;
        if (desired >= 0)
        {
            set["metadata"]!["annotations"]!["deployment.kubernetes.io/desired-replicas"] = $"{desired}";
            set["metadata"]!["annotations"]!["deployment.kubernetes.io/max-replicas"] = $"{most}";
        }

        return set;
    }

    public static WorkloadPod Pod(string name, string node = "n1", bool ready = true, string phase = "Running", int age = 60, bool deleting = false, string hash = "") => new()
    {
        Name = name,
        Uid = name,
        Node = node,
        Phase = phase,
        IsReady = ready,
        ReadySince = ready ? Now.AddSeconds(-age) : null,
        Created = Now.AddSeconds(-age),
        IsDeleting = deleting,
        Labels = new Dictionary<string, string> { ["app"] = "d", ["controller-revision-hash"] = hash },
    };

    public static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static string Template(string value) =>
        $$$"""{"metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"name":"c","image":"{{{value}}}"}]} }""";
}

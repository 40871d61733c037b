using System.Text.Json.Nodes;
using Godwit.Machinery;
using static Godwit.LocalCluster.Schema.BuiltInDefaults;

namespace Godwit.LocalCluster.Schema;

/// <summary>Defaults of the kinds of the apps group.</summary>
internal static class WorkloadDefaults
{
    /// <summary>Counts the changes of a daemon set's template: once a field, kept as an annotation.</summary>
    public const string TemplateGeneration = "deprecated.daemonset.template.generation";

    public static void Apply(string kind, JsonObject obj, JsonObject spec)
    {
        if (spec.At("template", "spec") is JsonObject pod)
        {
            PodDefaults.Apply(pod, false);
        }

        switch (kind)
        {
            case "Deployment":
                Set(spec, "replicas", 1);
                Set(spec, "progressDeadlineSeconds", 600);
                Set(spec, "revisionHistoryLimit", 10);
                var strategy = spec.Ensure("strategy");
                Set(strategy, "type", "RollingUpdate");
                if (strategy.Text("type") == "RollingUpdate")
                {
                    var rolling = strategy.Ensure("rollingUpdate");
                    Set(rolling, "maxSurge", "25%");
                    Set(rolling, "maxUnavailable", "25%");
                }

                break;
            case "DaemonSet":
                Set(obj.Ensure("metadata", "annotations"), TemplateGeneration, "1");
                Set(spec, "revisionHistoryLimit", 10);
                var update = spec.Ensure("updateStrategy");
                Set(update, "type", "RollingUpdate");
                if (update.Text("type") == "RollingUpdate")
                {
                    var rolling = update.Ensure("rollingUpdate");
                    Set(rolling, "maxSurge", 0);
                    Set(rolling, "maxUnavailable", 1);
                }

                break;
            case "StatefulSet":
                Set(spec, "replicas", 1);
                Set(spec, "revisionHistoryLimit", 10);
                Set(spec, "podManagementPolicy", "OrderedReady");
                Set(spec.Ensure("updateStrategy"), "type", "RollingUpdate");
                break;
            default:
                Set(spec, "replicas", 1);
                break;
        }
    }
}

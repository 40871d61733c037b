using System.Text.Json.Nodes;
using Godwit.Machinery;
using static Godwit.LocalCluster.Schema.BuiltInDefaults;

namespace Godwit.LocalCluster.Schema;

/// <summary>Defaults of pods and of the pod templates of workloads, and what the server decides about a new pod.</summary>
internal static class PodDefaults
{
    private const long TaintToleranceSeconds = 300;

    /// <summary>A pod gets a few more than a template does.</summary>
    public static void Apply(JsonObject spec, bool isPod)
    {
        Set(spec, "dnsPolicy", "ClusterFirst");
        Set(spec, "restartPolicy", "Always");
        Set(spec, "schedulerName", "default-scheduler");
        Set(spec, "securityContext", new JsonObject());
        Set(spec, "terminationGracePeriodSeconds", 30);
        if (isPod)
        {
            Set(spec, "enableServiceLinks", true);
        }

        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            Set(spec, "serviceAccount", account);
        }
        else if (spec.Text("serviceAccount") is { Length: > 0 } old)
        {
            spec["serviceAccountName"] = old;
        }

        foreach (var list in (string[])["initContainers", "containers", "ephemeralContainers"])
        {
            Each(spec[list], c => Container(c, isPod));
        }

        Each(spec["volumes"], Volume);
    }

    /// <summary>What a pod gets at its creation only: the account, and patience with a node that is briefly unwell.</summary>
    public static void Admit(JsonObject spec)
    {
        if (spec.Text("serviceAccountName") is not { Length: > 0 })
        {
            spec["serviceAccountName"] = "default";
            spec["serviceAccount"] = "default";
        }

        if (spec["tolerations"] is not JsonArray tolerations)
        {
            spec["tolerations"] = tolerations = [];
        }

        foreach (var key in (string[])["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            if (!tolerations.OfType<JsonObject>().Any(t => Tolerates(t, key)))
            {
                tolerations.Add((JsonNode)new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = TaintToleranceSeconds });
            }
        }
    }

    /// <summary>Guaranteed, Burstable or BestEffort.</summary>
    public static string QosClass(JsonObject spec)
    {
        var any = false;
        var guaranteed = true;
        foreach (var list in (string[])["containers", "initContainers"])
        {
            Each(spec[list], container =>
            {
                foreach (var resource in (string[])["cpu", "memory"])
                {
                    var limit = container.At("resources", "limits", resource)?.ToString();
                    var request = container.At("resources", "requests", resource)?.ToString();
                    any |= limit is not null || request is not null;
                    guaranteed &= limit is not null && limit == request;
                }
            });
        }

        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }

    private static bool Tolerates(JsonObject toleration, string taint) =>
        ((toleration.Text("key") ?? "") == taint || ((toleration.Text("key") ?? "").Length == 0 && toleration.Text("operator") == "Exists"))
        && (toleration.Text("effect") ?? "") is "" or "NoExecute";

    private static void Container(JsonObject container, bool isPod)
    {
        Set(container, "imagePullPolicy", IsLatest(container.Text("image") ?? "") ? "Always" : "IfNotPresent");
        Set(container, "resources", new JsonObject());
        Set(container, "terminationMessagePath", "/dev/termination-log");
        Set(container, "terminationMessagePolicy", "File");
        Each(container["ports"], p => Set(p, "protocol", "TCP"));
        foreach (var probe in (string[])["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container[probe] is JsonObject p)
            {
                Probe(p);
            }
        }

        foreach (var hook in (string[])["postStart", "preStop"])
        {
            HttpGet(container.At("lifecycle", hook, "httpGet"));
        }

        Each(container["env"], e =>
        {
            if (e.At("valueFrom", "fieldRef") is JsonObject field)
            {
                Set(field, "apiVersion", "v1");
            }
        });

        // What is limited but not asked for is asked for in full.
        if (isPod && container.At("resources", "limits") is JsonObject limits)
        {
            var requests = container.Ensure("resources", "requests");
            foreach (var (name, amount) in limits)
            {
                Set(requests, name, amount?.DeepClone());
            }
        }
    }

    private static void Probe(JsonObject probe)
    {
        Set(probe, "failureThreshold", 3);
        Set(probe, "periodSeconds", 10);
        Set(probe, "successThreshold", 1);
        Set(probe, "timeoutSeconds", 1);
        HttpGet(probe["httpGet"]);
        if (probe["grpc"] is JsonObject grpc)
        {
            Set(grpc, "service", "");
        }
    }

    private static void HttpGet(JsonNode? node)
    {
        if (node is JsonObject get)
        {
            Set(get, "path", "/");
            Set(get, "scheme", "HTTP");
        }
    }

    private static void Volume(JsonObject volume)
    {
        if (volume.Count == 1)
        {
            volume["emptyDir"] = new JsonObject();
        }

        foreach (var source in (string[])["configMap", "secret", "downwardAPI", "projected"])
        {
            if (volume[source] is JsonObject files)
            {
                Set(files, "defaultMode", 420);
            }
        }

        if (volume["hostPath"] is JsonObject path)
        {
            Set(path, "type", "");
        }

        if (volume["image"] is JsonObject image)
        {
            Set(image, "pullPolicy", IsLatest(image.Text("reference") ?? "") ? "Always" : "IfNotPresent");
        }

        Each(volume.At("downwardAPI", "items"), FieldRef);
        Each(volume.At("projected", "sources"), s =>
        {
            Each(s.At("downwardAPI", "items"), FieldRef);
            if (s["serviceAccountToken"] is JsonObject token)
            {
                Set(token, "expirationSeconds", 3600);
            }
        });
    }

    private static void FieldRef(JsonObject item)
    {
        if (item["fieldRef"] is JsonObject field)
        {
            Set(field, "apiVersion", "v1");
        }
    }

    private static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return false;
        }

        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[(colon + 1)..] == "latest";
    }
}

using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Schema;

/// <summary>The values that a server fills into objects of built-in kinds when they are left out.</summary>
internal static class BuiltInDefaults
{
    public static void Apply(string apiVersion, string kind, JsonObject obj)
    {
        switch (kind)
        {
            case "Pod":
                if (obj["spec"] is JsonObject pod)
                {
                    PodDefaults.Apply(pod, true);
                }

                // Times that are shown even when there are none.
                Each(obj.At("status", "conditions"), static condition =>
                {
                    condition.TryAdd("lastProbeTime", null);
                    condition.TryAdd("lastTransitionTime", null);
                });
                break;
            case "Deployment" or "DaemonSet" or "StatefulSet" or "ReplicaSet" when apiVersion == "apps/v1" && obj["spec"] is JsonObject spec:
                WorkloadDefaults.Apply(kind, obj, spec);
                break;
            case "Service" when obj["spec"] is JsonObject spec:
                Service(spec);
                break;
            case "Secret":
                SecretData(obj);
                Set(obj, "type", "Opaque");
                break;
            case "Event" when apiVersion == "v1":
                foreach (var part in (string[])["involvedObject", "source"])
                {
                    obj.Ensure(part);
                }

                foreach (var time in (string[])["firstTimestamp", "lastTimestamp", "eventTime"])
                {
                    obj.TryAdd(time, null);
                }

                Set(obj, "reportingComponent", "");
                Set(obj, "reportingInstance", "");
                break;
            case "Namespace":
                if (obj.Text("metadata", "name") is { Length: > 0 } name)
                {
                    Set(obj.Ensure("metadata").Ensure("labels"), "kubernetes.io/metadata.name", name);
                }

                Set(obj.Ensure("status"), "phase", "Active");
                break;
            case "LimitRange":
                Each(obj.At("spec", "limits"), LimitRangeItem);
                break;
            case "PersistentVolumeClaim" when obj["spec"] is JsonObject spec:
                Set(spec, "volumeMode", "Filesystem");
                Set(obj.Ensure("status"), "phase", "Pending");
                break;
            case "PersistentVolume" when obj["spec"] is JsonObject spec:
                Set(spec, "volumeMode", "Filesystem");
                Set(spec, "persistentVolumeReclaimPolicy", "Retain");
                if (spec["hostPath"] is JsonObject path)
                {
                    Set(path, "type", "");
                }

                Set(obj.Ensure("status"), "phase", "Pending");
                break;
            case "StorageClass":
                Set(obj, "reclaimPolicy", "Delete");
                Set(obj, "volumeBindingMode", "Immediate");
                break;
            case "MutatingWebhookConfiguration" or "ValidatingWebhookConfiguration":
                Each(obj["webhooks"], hook => Webhook(hook, kind == "MutatingWebhookConfiguration"));
                break;
            case "ValidatingAdmissionPolicy" when obj["spec"] is JsonObject spec:
                Set(spec, "failurePolicy", "Fail");
                MatchResources(spec["matchConstraints"]);
                break;
            case "ValidatingAdmissionPolicyBinding" when obj["spec"] is JsonObject spec:
                MatchResources(spec["matchResources"]);
                break;
            case "APIService" when obj.At("spec", "service") is JsonObject service:
                Set(service, "port", 443);
                break;
            case "CustomResourceDefinition" when obj["spec"] is JsonObject spec:
                CustomResourceDefinition(spec);
                break;
            case "PriorityClass":
                DropZero(obj, "globalDefault");
                Set(obj, "preemptionPolicy", "PreemptLowerPriority");
                break;
            case "RoleBinding" or "ClusterRoleBinding":
                Set(obj.Ensure("roleRef"), "apiGroup", "rbac.authorization.k8s.io");
                Each(obj["subjects"], s => Set(s, "apiGroup", s.Text("kind") == "ServiceAccount" ? null : "rbac.authorization.k8s.io"));
                break;
            case "EndpointSlice":
                Each(obj["ports"], p =>
                {
                    Set(p, "name", "");
                    Set(p, "protocol", "TCP");
                });
                break;
            case "Endpoints":
                Each(obj["subsets"], s => Each(s["ports"], p => Set(p, "protocol", "TCP")));
                break;
            default:
                break;
        }
    }

    /// <summary>Sets a field that is not there; null sets nothing.</summary>
    public static void Set(JsonObject obj, string name, JsonNode? value)
    {
        if (value is not null && obj[name] is null)
        {
            obj[name] = value;
        }
    }

    /// <summary>Takes out what says no more than its absence: 0 and false of fields that are left out then.</summary>
    private static void DropZero(JsonObject obj, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (JsonKinds.Number(obj[name]) == 0 || (obj[name] is JsonValue flag && flag.TryGetValue<bool>(out var on) && !on))
            {
                obj.Remove(name);
            }
        }
    }

    public static void Each(JsonNode? list, Action<JsonObject> action)
    {
        foreach (var item in (list as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            action(item);
        }
    }

    /// <summary>A container's bounds are its defaults, and what it gets at most by default it asks for.</summary>
    private static void LimitRangeItem(JsonObject item)
    {
        if (item.Text("type") != "Container")
        {
            return;
        }

        foreach (var (from, to) in ((string, string)[])[("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")])
        {
            foreach (var (resource, amount) in item.Strings(from).ToList())
            {
                Set(item.Ensure(to), resource, amount);
            }
        }
    }

    private static void Service(JsonObject spec)
    {
        Set(spec, "sessionAffinity", "None");
        Set(spec, "type", "ClusterIP");
        if (spec.Text("type") != "ExternalName")
        {
            Set(spec, "internalTrafficPolicy", "Cluster");
        }

        if (spec.Text("type") is "NodePort" or "LoadBalancer")
        {
            Set(spec, "externalTrafficPolicy", "Cluster");
        }

        DropZero(spec, "healthCheckNodePort", "publishNotReadyAddresses");
        Each(spec["ports"], port =>
        {
            DropZero(port, "nodePort");
            Set(port, "protocol", "TCP");
            Set(port, "targetPort", port["port"]?.DeepClone());
        });
    }

    private static void SecretData(JsonObject secret)
    {
        if (secret["stringData"] is JsonObject plain)
        {
            var data = secret.Ensure("data");
            foreach (var (key, value) in plain)
            {
                data[key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value?.GetValue<string>() ?? ""));
            }

            secret.Remove("stringData");
        }
    }

    private static void Webhook(JsonObject hook, bool mutating)
    {
        Set(hook, "failurePolicy", "Fail");
        Set(hook, "matchPolicy", "Equivalent");
        Set(hook, "namespaceSelector", new JsonObject());
        Set(hook, "objectSelector", new JsonObject());
        Set(hook, "timeoutSeconds", 10);
        if (mutating)
        {
            Set(hook, "reinvocationPolicy", "Never");
        }

        if (hook.At("clientConfig", "service") is JsonObject service)
        {
            Set(service, "port", 443);
        }

        Each(hook["rules"], r => Set(r, "scope", "*"));
    }

    private static void MatchResources(JsonNode? node)
    {
        if (node is JsonObject resources)
        {
            Set(resources, "matchPolicy", "Equivalent");
            Set(resources, "namespaceSelector", new JsonObject());
            Set(resources, "objectSelector", new JsonObject());
            Each(resources["resourceRules"], r => Set(r, "scope", "*"));
            Each(resources["excludeResourceRules"], r => Set(r, "scope", "*"));
        }
    }

    private static void CustomResourceDefinition(JsonObject spec)
    {
        if (spec["names"] is JsonObject names)
        {
            Set(names, "singular", names.Text("kind")?.ToLowerInvariant());
            Set(names, "listKind", names.Text("kind") is { } kind ? kind + "List" : null);
        }

        if (spec["conversion"] is null)
        {
            spec["conversion"] = new JsonObject { ["strategy"] = "None" };
        }
    }
}

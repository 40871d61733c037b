using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>What a new pod gets from its service account: a token with the cluster's certificate and the namespace, and pull secrets.</summary>
internal static class ServiceAccountAdmission
{
    private const string VolumePrefix = "kube-api-access-";
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string Mirror = "kubernetes.io/config.mirror";

    /// <summary>A little more than an hour: nobody asks for that, so it is known that the server did.</summary>
    private const long TokenSeconds = 3607;

    public static void Apply(JsonObject pod, JsonObject account)
    {
        if (pod.At("metadata", "annotations", Mirror) is not null)
        {
            return;
        }

        var spec = (JsonObject)pod["spec"]!;
        if (account["imagePullSecrets"] is JsonArray { Count: > 0 } secrets && spec["imagePullSecrets"] is not JsonArray { Count: > 0 })
        {
            spec["imagePullSecrets"] = secrets.DeepClone();
        }

        if (spec.Flag("automountServiceAccountToken") ?? account.Flag("automountServiceAccountToken") ?? true)
        {
            Mount(spec);
        }
    }

    private static void Mount(JsonObject spec)
    {
        var known = (spec["volumes"] as JsonArray)?.Select(static v => v.Text("name")).FirstOrDefault(static n => n?.StartsWith(VolumePrefix, StringComparison.Ordinal) == true);
        var name = known ?? NameGenerator.Next(VolumePrefix);
        var isWanted = false;
        foreach (var container in ((string[])["initContainers", "containers"]).SelectMany(list => (spec[list] as JsonArray)?.OfType<JsonObject>() ?? []))
        {
            var mounts = Listed(container, "volumeMounts");
            if (mounts.Any(static m => m.Text("mountPath") == MountPath))
            {
                // Whoever mounts something of its own there wants no token.
                continue;
            }

            mounts.Add((JsonNode)new JsonObject { ["name"] = name, ["readOnly"] = true, ["mountPath"] = MountPath });
            container["volumeMounts"] ??= mounts;
            isWanted = true;
        }

        if (isWanted && known is null)
        {
            var volumes = Listed(spec, "volumes");
            volumes.Add((JsonNode)Volume(name));
            spec["volumes"] ??= volumes;
        }
    }

    private static JsonArray Listed(JsonObject obj, string field) => obj[field] as JsonArray ?? [];

    private static JsonObject Volume(string name) => new()
    {
        ["name"] = name,
        ["projected"] = new JsonObject
        {
            ["sources"] = new JsonArray(
                new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = TokenSeconds, ["path"] = "token" } },
                new JsonObject
                {
                    ["configMap"] = new JsonObject
                    {
                        ["name"] = "kube-root-ca.crt",
                        ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                    },
                },
                new JsonObject
                {
                    ["downwardAPI"] = new JsonObject
                    {
                        ["items"] = new JsonArray(new JsonObject
                        {
                            ["path"] = "namespace",
                            ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                        }),
                    },
                }),
            ["defaultMode"] = 420,
        },
    };
}

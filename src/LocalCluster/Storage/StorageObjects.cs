using System.Text.Json.Nodes;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Storage;

/// <summary>The objects that the cluster's storage makes; pure.</summary>
internal static class StorageObjects
{
    public const string ProvisionedBy = "pv.kubernetes.io/provisioned-by";
    public const string DefaultClass = "storageclass.kubernetes.io/is-default-class";

    /// <summary>The class that claims without one get.</summary>
    public static JsonObject Class() => new()
    {
        ["apiVersion"] = "storage.k8s.io/v1",
        ["kind"] = "StorageClass",
        ["metadata"] = new JsonObject { ["name"] = LocalStorage.ClassName, ["annotations"] = new JsonObject { [DefaultClass] = "true" } },
        ["provisioner"] = LocalStorage.Provisioner,
        ["reclaimPolicy"] = "Delete",
        ["volumeBindingMode"] = "WaitForFirstConsumer",
    };

    /// <summary>A volume in a folder of the machine, for this claim; bound to <paramref name="node"/> unless several nodes may share it.</summary>
    public static JsonObject Volume(string name, string path, string? node, PersistentVolumeClaim claim, StorageClass storage)
    {
        var spec = new JsonObject
        {
            ["capacity"] = new JsonObject { ["storage"] = claim.Spec.Resources?.Requests?.GetValueOrDefault("storage") ?? "0" },
            ["accessModes"] = new JsonArray([.. (claim.Spec.AccessModes ?? ["ReadWriteOnce"]).Select(m => (JsonNode)m)]),
            ["persistentVolumeReclaimPolicy"] = storage.ReclaimPolicy ?? "Delete",
            ["storageClassName"] = storage.Metadata.Name,
            ["volumeMode"] = "Filesystem",
            ["hostPath"] = new JsonObject { ["path"] = path, ["type"] = "DirectoryOrCreate" },
            ["claimRef"] = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "PersistentVolumeClaim",
                ["namespace"] = claim.Metadata.Namespace,
                ["name"] = claim.Metadata.Name,
                ["uid"] = claim.Metadata.Uid,
            },
        };
        if (node is not null && !VolumeMatching.IsShared(claim))
        {
            var here = new JsonObject { ["key"] = "kubernetes.io/hostname", ["operator"] = "In", ["values"] = new JsonArray(node) };
            spec["nodeAffinity"] = new JsonObject
            {
                ["required"] = new JsonObject { ["nodeSelectorTerms"] = new JsonArray(new JsonObject { ["matchExpressions"] = new JsonArray(here) }) },
            };
        }
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolume",
            ["metadata"] = new JsonObject { ["name"] = name, ["annotations"] = new JsonObject { [ProvisionedBy] = LocalStorage.Provisioner } },
            ["spec"] = spec,
        };
    }
}

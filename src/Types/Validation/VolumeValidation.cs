using System.Text;

namespace Godwit.Types;

/// <summary>Rules for volumes.</summary>
internal static class VolumeValidation
{
    private const int MaxVolumes = 256;
    private const int MaxInlineBytes = 2048;

    public static void Volumes(VirtualMachineInstanceSpec spec, ClusterConfiguration cluster, Errors errors)
    {
        const string List = "spec.volumes";
        var volumes = spec.Volumes ?? [];
        if (volumes.Count > MaxVolumes)
        {
            errors.Add(List, $"{List} list exceeds the {MaxVolumes} element limit in length", "Remove some.");
            return;
        }

        errors.UniqueNames(List, volumes.Select(volume => volume.Name));
        if (volumes.Count(volume => volume.ServiceAccount is not null) > 1)
        {
            errors.Add(List, $"{List} must have max one serviceAccount volume set", "Remove the others.");
        }

        for (var i = 0; i < volumes.Count; i++)
        {
            if (volumes[i].Name is Launcher.FolderVolume or Launcher.KernelBootVolume or Launcher.ContainerDisksVolume)
            {
                errors.Add($"{List}[{i}].name", $"the name '{volumes[i].Name}' is reserved", "Give the volume another name.", FieldError.Forbidden);
            }

            Volume($"{List}[{i}]", volumes[i], cluster, errors);
        }
    }

    private static void Volume(string path, Volume volume, ClusterConfiguration cluster, Errors errors)
    {
        object?[] sources =
        [
            volume.ContainerDisk, volume.PersistentVolumeClaim, volume.DataVolume, volume.Ephemeral, volume.EmptyDisk,
            volume.HostDisk, volume.CloudInitNoCloud, volume.CloudInitConfigDrive, volume.Sysprep, volume.ConfigMap,
            volume.Secret, volume.DownwardAPI, volume.ServiceAccount, volume.DownwardMetrics, volume.MemoryDump,
            volume.ContainerPath,
        ];
        if (sources.Count(source => source is not null) != 1)
        {
            errors.Add(path, $"{path} must have exactly one source type set", "Give the volume one source, such as containerDisk or emptyDisk.");
            return;
        }

        if (volume.ContainerDisk is { } container)
        {
            Text($"{path}.containerDisk.image", container.Image, "Name the image with the disk.", errors);
            VmiValidation.AbsolutePath($"{path}.containerDisk.path", container.Path, errors);
            errors.OneOf($"{path}.containerDisk.imagePullPolicy", container.ImagePullPolicy, "Always", "IfNotPresent", "Never");
        }

        if (volume.PersistentVolumeClaim is { } claim)
        {
            Text($"{path}.persistentVolumeClaim.claimName", claim.ClaimName, "Name the claim.", errors);
        }

        if (volume.DataVolume is { } data)
        {
            Text($"{path}.dataVolume.name", data.Name, "Name the data volume.", errors);
        }

        if (volume.Ephemeral is { } ephemeral)
        {
            Text($"{path}.ephemeral.persistentVolumeClaim.claimName", ephemeral.PersistentVolumeClaim?.ClaimName, "Name the claim.", errors);
        }

        if (volume.EmptyDisk is { } empty)
        {
            if (empty.Capacity is null)
            {
                errors.Required($"{path}.emptyDisk.capacity", "Give the disk a size, such as 1Gi.");
            }

            errors.PositiveQuantity($"{path}.emptyDisk.capacity", empty.Capacity);
        }

        if (volume.HostDisk is { } host)
        {
            HostDisk($"{path}.hostDisk", host, cluster, errors);
        }

        CloudInit($"{path}.cloudInitNoCloud", volume.CloudInitNoCloud, errors);
        CloudInit($"{path}.cloudInitConfigDrive", volume.CloudInitConfigDrive, errors);
        if (volume.Sysprep is { } sysprep && (sysprep.Secret is null) == (sysprep.ConfigMap is null))
        {
            errors.Add($"{path}.sysprep", $"{path}.sysprep must have exactly one of secret, configMap set", "Name the one that holds the answers.");
        }

        NamedSources(path, volume, errors);
    }

    private static void NamedSources(string path, Volume volume, Errors errors)
    {
        if (volume.ConfigMap is { } map)
        {
            Text($"{path}.configMap.name", map.Name, "Name the config map.", errors);
        }

        if (volume.Secret is { } secret)
        {
            Text($"{path}.secret.secretName", secret.SecretName, "Name the secret.", errors);
        }

        if (volume.ServiceAccount is { } account)
        {
            Text($"{path}.serviceAccount.serviceAccountName", account.ServiceAccountName, "Name the service account.", errors);
        }
    }

    private static void Text(string path, string? value, string remedy, Errors errors)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            errors.Required(path, remedy);
        }
    }

    private static void HostDisk(string path, HostDiskVolume disk, ClusterConfiguration cluster, Errors errors)
    {
        if (!cluster.HasGate(FeatureGates.HostDisk))
        {
            errors.Add(
                path,
                "HostDisk feature gate is not enabled",
                "Add HostDisk to spec.configuration.developerConfiguration.featureGates of the KubeVirt resource.",
                FieldError.Forbidden);
        }

        Text($"{path}.path", disk.Path, "Say where on the node the image is.", errors);
        VmiValidation.AbsolutePath($"{path}.path", disk.Path, errors);
        if (disk.Type is not ("Disk" or "DiskOrCreate"))
        {
            errors.Add(
                $"{path}.type",
                $"{path}.type has invalid value '{disk.Type}', allowed are 'Disk' or 'DiskOrCreate'",
                "",
                FieldError.NotSupported);
        }

        errors.PositiveQuantity($"{path}.capacity", disk.Capacity);
        if (disk.Type == "DiskOrCreate" && disk.Capacity is null)
        {
            errors.Required($"{path}.capacity", "A disk that may have to be created needs a size.");
        }

        if (disk.Type == "Disk" && disk.Capacity is not null)
        {
            errors.Add($"{path}.capacity", $"{path}.capacity is allowed to pass only with {path}.type equal to 'DiskOrCreate'", "Remove one of them.");
        }
    }

    private static void CloudInit(string path, CloudInitVolume? cloudInit, Errors errors)
    {
        if (cloudInit is null)
        {
            return;
        }

        Source(path, "userdata", cloudInit.UserData, "userData", cloudInit.UserDataBase64, cloudInit.SecretRef, "secretRef", errors);
        Source(path, "networkdata", cloudInit.NetworkData, "networkData", cloudInit.NetworkDataBase64, cloudInit.NetworkDataSecretRef, "networkDataSecretRef", errors);
        if (cloudInit is
            {
                UserData: null or "", UserDataBase64: null or "", SecretRef: null,
                NetworkData: null or "", NetworkDataBase64: null or "", NetworkDataSecretRef: null,
            })
        {
            errors.Add(path, $"{path} must have at least one userdatasource or one networkdatasource set", "Give it userData, userDataBase64 or secretRef.", FieldError.Required);
        }
    }

    private static void Source(
        string path,
        string what,
        string? text,
        string field,
        string? base64,
        LocalObjectReference? secret,
        string secretField,
        Errors errors)
    {
        var given = (string.IsNullOrEmpty(text) ? 0 : 1) + (string.IsNullOrEmpty(base64) ? 0 : 1) + (secret is null ? 0 : 1);
        if (given > 1)
        {
            errors.Add(path, $"{path} must have only one {what} source set", $"Keep one of {field}, {field}Base64 and {secretField}.");
            return;
        }

        if (secret is { Name: null or "" })
        {
            errors.Required($"{path}.{secretField}.name", "Name the secret.");
        }

        var length = Encoding.UTF8.GetByteCount(text ?? "");
        if (!string.IsNullOrEmpty(base64))
        {
            var buffer = new byte[base64.Length];
            if (!Convert.TryFromBase64String(base64, buffer, out length))
            {
                errors.Add($"{path}.{field}Base64", $"{path}.{field}Base64 is not a valid base64 value", "Encode the text with 'base64 -w0'.");
                return;
            }
        }

        if (length > MaxInlineBytes)
        {
            errors.Add(
                $"{path}.{field}",
                $"{path} {what} exceeds {MaxInlineBytes} byte limit. Should use a Secret as reference for larger cloud-init {what}",
                $"Put it into a secret and name that in {secretField}.");
        }
    }
}

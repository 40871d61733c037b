using System.Globalization;
using System.Text.Json;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtController;

/// <summary>
/// Asks the API server, once in a term, whether it keeps the image of a pod's volume: a server whose feature is off drops the
/// field without a word, and finds the volume without a source.
/// </summary>
internal sealed partial class ImageVolumeProbe(ApiClient api, Caches caches, string launcherImage, ILogger logger)
{
    private const string VolumeName = "image";
    private volatile ImageVolumeFacts? _answer;

    /// <summary>How a launcher pod that is made now has its volumes.</summary>
    /// <exception cref="ApiException">The API server cannot be reached.</exception>
    public async Task<LauncherStorage> StorageAsync(VirtualMachineInstance vmi, CancellationToken ct) => new()
    {
        ContainerDisks = await MethodAsync(vmi, ct),
        BlockClaims = caches.BlockClaimsOf(vmi),
    };

    private async Task<ContainerDiskMethod> MethodAsync(VirtualMachineInstance vmi, CancellationToken ct)
    {
        if (LauncherVolumes.Images(vmi.Spec ?? new VirtualMachineInstanceSpec()).Count == 0)
        {
            return ContainerDiskMethod.ImageVolume;
        }

        var wanted = FeatureGates.Listed(FeatureGates.ImageVolume, caches.Configuration.Current.Developer);
        var facts = wanted is null ? await AskOnceAsync(ct) : new ImageVolumeFacts { Wanted = wanted };
        return ContainerDiskDecision.Decide(facts with { Nodes = [.. caches.Nodes.List()] });
    }

    // Two that ask at the same moment are told the same. Without an answer the next one asks again.
    private async Task<ImageVolumeFacts> AskOnceAsync(CancellationToken ct)
    {
        if (_answer is { } known)
        {
            return known;
        }

        var facts = new ImageVolumeFacts { Kept = await AskAsync(ct), ServerMinor = await MinorAsync(ct) };
        if (facts.Kept is not null)
        {
            _answer = facts;
        }

        return facts;
    }

    private async Task<bool?> AskAsync(CancellationToken ct)
    {
        var pod = new Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new ObjectMeta { GenerateName = "image-volume-probe-", Namespace = Installation.Namespace },
            Spec = new PodSpec
            {
                AutomountServiceAccountToken = false,
                SecurityContext = LauncherSecurity.OfPod(),
                Containers =
                [
                    new Container
                    {
                        Name = Launcher.Container,
                        Image = launcherImage,
                        SecurityContext = LauncherSecurity.OfContainer(),
                        VolumeMounts = [new VolumeMount { Name = VolumeName, MountPath = Launcher.ImagesPath, ReadOnly = true }],
                    },
                ],
                Volumes = [new PodVolume { Name = VolumeName, Image = new ImageSource { Reference = launcherImage } }],
            },
        };
        try
        {
            var kept = await api.CreateAsync(Kinds.Pod, Installation.Namespace, pod, TypesJson.Default.Pod, new WriteOptions { DryRun = true }, ct);
            return kept.Spec?.Volumes?.FirstOrDefault(volume => volume.Name == VolumeName)?.Image is not null;
        }
        catch (ApiException e) when (!e.IsUnreachable)
        {
            LogNotKept(logger, e.Message);
            return e.IsInvalid ? false : null;
        }
    }

    private async Task<int> MinorAsync(CancellationToken ct)
    {
        using var version = JsonDocument.Parse(await api.GetRawAsync("/version", ct: ct));
        var text = version.RootElement.TryGetProperty("minor", out var minor) ? minor.GetString() ?? "" : "";
        // Some write 34+.
        return int.TryParse(text.TrimEnd('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Disks in images come by sidecars: a pod with an image volume is refused ({Reason})")]
    private static partial void LogNotKept(ILogger logger, string reason);
}

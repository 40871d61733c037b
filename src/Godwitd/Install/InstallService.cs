using System.Text.Json.Nodes;
using Godwit.LocalCluster;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Install;

/// <summary>Installs Godwit into the local cluster: users, manifests, and where virt-api is to be found.</summary>
public sealed partial class InstallService(Task<bool> emulated) : IClusterService
{
    private const string ApiService = "virt-api";
    private static readonly ResourceKind EndpointSlice = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", Namespaced: true);

    public string Name => "install";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        ComponentUsers.Write(context);
        using var api = ApiClient.FromKubeconfig(context.KubeconfigPath, context.Time);
        var bin = context.Options.BinDirectory ?? AppContext.BaseDirectory;
        var fresh = await api.TryGetAsync(Kinds.Namespace, NamespacedName.Cluster(Installation.Namespace), cancellationToken) is null;
        // Our components are processes of their own here, not pods.
        var manifests = ManifestSet.Read(Path.Combine(bin, "deploy"), "workloads", "monitoring");
        await new ManifestApplier(api, context.Time).ApplyAsync(manifests, told: null, cancellationToken);
        LogApplied(context.Loggers.CreateLogger<InstallService>(), manifests.Objects.Count);
        if (fresh)
        {
            await ConfigureAsync(api, Path.Combine(bin, "examples", "kubevirt-config.yaml"), cancellationToken);
        }

        await AnnounceAsync(api, context.Options, cancellationToken);
        await SetEmulationAsync(api, cancellationToken);
        await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, cancellationToken);
    }

    /// <summary>The map of the 2020 document, once: whoever changes or deletes it later has the last word.</summary>
    private static async Task ConfigureAsync(ApiClient api, string file, CancellationToken ct)
    {
        var map = Yaml.ParseObjects(await File.ReadAllTextAsync(file, ct)).Single();
        if (await api.TryGetAsync(Kinds.ConfigMap, map.Key(), ct) is null)
        {
            await api.CreateAsync(Kinds.ConfigMap, map, ct: ct);
        }
    }

    /// <summary>virt-api runs outside of any pod, so its service has no selector and we name its address ourselves.</summary>
    private static async Task AnnounceAsync(ApiClient api, ClusterOptions options, CancellationToken ct)
    {
        var slice = new JsonObject
        {
            ["apiVersion"] = EndpointSlice.ApiVersion,
            ["kind"] = EndpointSlice.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = ApiService,
                ["namespace"] = Installation.Namespace,
                ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = ApiService },
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(options.ExtraAddresses[0].ToString()),
                ["conditions"] = new JsonObject { ["ready"] = true },
            }),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "", ["protocol"] = "TCP", ["port"] = options.WebhookPort }),
        };
        if (await api.TryGetAsync(EndpointSlice, slice.Key(), ct) is null)
        {
            await api.CreateAsync(EndpointSlice, slice, ct: ct);
        }
        else
        {
            await api.PatchAsync(EndpointSlice, slice.Key(), PatchKind.Merge, slice, ct: ct);
        }
    }

    /// <summary>Where this machine can only emulate, launcher pods must not ask for /dev/kvm.</summary>
    private async Task SetEmulationAsync(ApiClient api, CancellationToken ct)
    {
        if (!await emulated.WaitAsync(ct))
        {
            return;
        }

        var patch = new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["configuration"] = new JsonObject
                {
                    ["developerConfiguration"] = new JsonObject { ["useEmulation"] = true },
                },
            },
        };
        await api.PatchAsync(Kinds.KubeVirt, new(Installation.Namespace, Installation.KubeVirtName), PatchKind.Merge, patch, ct: ct);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Count} objects of Godwit are in the API")]
    private static partial void LogApplied(ILogger logger, int count);
}

using Godwit.Machinery;

namespace Godwit.LocalCluster.Storage;

/// <summary>Volumes and claims, as a part of the cluster. Data lies in <c>volumes</c> below the state folder.</summary>
public sealed class StorageService : IClusterService
{
    public string Name => "storage";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        using var api = ApiClient.FromKubeconfig(context.KubeconfigPath, context.Time);
        using var storage = new LocalStorage(api, Path.Combine(context.Options.StateDirectory, "volumes"), context.Loggers, context.Time);
        await storage.RunAsync(cancellationToken);
    }
}

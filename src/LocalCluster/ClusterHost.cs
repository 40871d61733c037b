using Godwit.LocalCluster.ApiServer;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster;

/// <summary>Composes the single-machine Kubernetes: API server first, then the services that work through it.</summary>
public static class ClusterHost
{
    /// <summary>Runs until cancelled, or until a part fails: then it throws what that part threw.</summary>
    public static async Task RunAsync(ClusterOptions options, IReadOnlyList<IClusterService> services, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var apiOptions = new ApiServerOptions
        {
            StateDirectory = options.StateDirectory,
            Port = options.ApiPort,
            ExtraAddresses = options.ExtraAddresses,
            ClusterName = options.Name,
            ServiceCidr = options.ServiceCidr,
            Time = time,
        };
        await using var server = await ApiServerHost.StartAsync(apiOptions, loggers, cancellationToken);
        var context = new ClusterContext(options, server, loggers, time) { KubeconfigPath = Path.Combine(options.StateDirectory, "kubeconfig") };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = services.Concat(ClusterControllers.All()).Select(s => s.RunAsync(context, stop.Token)).ToList();
        var first = await Task.WhenAny(running.Append(server.Failure).Append(Task.Delay(Timeout.Infinite, stop.Token)));
        await stop.CancelAsync();
        await Task.WhenAll(running).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await first;
    }
}

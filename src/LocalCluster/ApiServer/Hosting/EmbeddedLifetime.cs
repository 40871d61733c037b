using Microsoft.Extensions.Hosting;

namespace Godwit.LocalCluster.ApiServer.Hosting;

/// <summary>The process's signals belong to the program around the server, not to the web host in it.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

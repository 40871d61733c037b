using Microsoft.Extensions.Hosting;

namespace Godwit.Monitoring;

/// <summary>Signals are the whole process's business, not this server's.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

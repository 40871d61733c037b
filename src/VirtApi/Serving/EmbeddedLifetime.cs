using Microsoft.Extensions.Hosting;

namespace Godwit.VirtApi.Serving;

/// <summary>The process has its own say about signals; the web host must not take them for itself.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

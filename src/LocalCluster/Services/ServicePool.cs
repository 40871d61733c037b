namespace Godwit.LocalCluster.Services;

/// <summary>Connections that trust the same authorities, and when they were last asked for.</summary>
internal sealed class ServicePool(HttpMessageInvoker invoker, long now) : IDisposable
{
    private long _lastUse = now;

    /// <summary>A timestamp of the clock that <see cref="Use"/> was told of.</summary>
    public long LastUse => Interlocked.Read(ref _lastUse);

    public HttpMessageInvoker Use(long now)
    {
        Interlocked.Exchange(ref _lastUse, now);
        return invoker;
    }

    public void Dispose() => invoker.Dispose();
}

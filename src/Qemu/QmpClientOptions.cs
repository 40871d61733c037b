namespace Godwit.Qemu;

/// <summary>How one monitor connection behaves; the defaults suit every use in the product.</summary>
public sealed record QmpClientOptions
{
    /// <summary>How long the greeting and the negotiation may take. A monitor that serves somebody else never greets.</summary>
    public TimeSpan ConnectDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a command may take when the call does not say.</summary>
    public TimeSpan CommandDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A reply longer than this ends the connection (the longest known reply has some 210,000 bytes).</summary>
    public int MaxLineBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How many events are remembered.</summary>
    public int EventCapacity { get; init; } = 1024;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// How the socket of a name in a folder is reached. Like <see cref="UnixPath.ConnectAsync"/> it throws a
    /// <see cref="System.Net.Sockets.SocketException"/> when nobody listens there.
    /// </summary>
    public Func<string, string, CancellationToken, Task<Stream>> Connect { get; init; } = UnixPath.OpenAsync;
}

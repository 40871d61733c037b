namespace Godwit.Machinery;

/// <summary>How to reach the API server, and how long to wait for it.</summary>
public sealed record ApiClientOptions
{
    /// <summary>File to read; null: <c>KUBECONFIG</c>, then the pod's service account, then <c>~/.kube/config</c>.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Context within the file; null: its current one.</summary>
    public string? Context { get; init; }

    /// <summary>Deadline of a call that does not stream.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// An HTTP/2 connection with calls on it over which nothing comes for so long, not even the answer to a ping, is given up with all of
    /// them: its server has lost power, or the way to it is cut. Two seconds at least; up to an eighth more, for the pings' timer.
    /// </summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one watch lasts before the server ends it in order; up to half as long again, by chance.</summary>
    public TimeSpan WatchDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Chance for the waits of those who use the client, so that they do not ask in step.</summary>
    public Random Jitter { get; init; } = Random.Shared;

    /// <summary>Shown in the server's logs, and the field manager of writes that name none.</summary>
    public string UserAgent { get; init; } = "godwit";

    /// <summary>Where requests are counted, and what else its users count; null: nowhere.</summary>
    public MetricRegistry? Metrics { get; init; }
}

using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Godwit.Monitoring;

/// <summary>Where a component says how it is.</summary>
public sealed record MonitoringOptions
{
    /// <summary>The port of every component; KubeVirt's own.</summary>
    public const int Port = 8443;

    /// <summary>The component, for the log.</summary>
    public required string Component { get; init; }

    /// <summary>Where to listen; asked again after a failure.</summary>
    public required Func<CancellationToken, Task<IPEndPoint>> Listen { get; init; }

    /// <summary>Told where it really listens; null: nobody needs to know.</summary>
    public Func<IPEndPoint, CancellationToken, Task>? Started { get; init; }

    /// <summary>The component's certificate at this moment; while it is null one is shown that the process made for itself.</summary>
    public Func<X509Certificate2?> Certificate { get; init; } = static () => null;

    /// <summary>What the component waits for before it works; null when it works.</summary>
    public Func<string?> Lacking { get; init; } = static () => null;
}

using System.Net;
using Godwit.LocalCluster.ApiServer.Admission;

namespace Godwit.LocalCluster.ApiServer;

/// <summary>How an API server is put together. Parts that are left out answer as a server without that feature does.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Folder of the store (<c>store/state.db</c>) and the keys (<c>pki/</c>).</summary>
    public required string StateDirectory { get; init; }

    /// <summary>0: any free port.</summary>
    public int Port { get; init; }

    /// <summary>Where it listens besides 127.0.0.1; also names in the serving certificate.</summary>
    public IReadOnlyList<IPAddress> ExtraAddresses { get; init; } = [];

    public string ClusterName { get; init; } = "godwit";

    public string ServiceCidr { get; init; } = "10.97.0.0/16";

    /// <summary>Called in this order, before the hooks that objects configure.</summary>
    public IReadOnlyList<IAdmissionPlugin> Admission { get; init; } = [];

    /// <summary>Also settable on the running server: kubelets start after it.</summary>
    public Kubelet.IPodLogs? PodLogs { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long superseded revisions are kept for watches and pages.</summary>
    public TimeSpan HistoryKept { get; init; } = TimeSpan.FromMinutes(5);
}

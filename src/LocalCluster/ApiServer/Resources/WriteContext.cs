using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>Who writes what, for the strategy of a kind.</summary>
public sealed record WriteContext(
    ResourceInfo Resource,
    ResourceVersionInfo Version,
    string? Subresource,
    string Namespace,
    string Name,
    UserInfo User,
    bool DryRun,
    ObjectStore Store,
    TimeProvider Time);

using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.OpenApi;

/// <summary>A built document, and the resources it was built from.</summary>
internal sealed record Entry(IReadOnlyList<ResourceInfo> From, ReadOnlyMemory<byte> Json, string Hash);

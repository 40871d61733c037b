using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

/// <summary>Tests that share one cluster, one after another.</summary>
[CollectionDefinition(Name)]
public sealed class NodeCollection : ICollectionFixture<NodeCluster>
{
    public const string Name = "nodes";
}

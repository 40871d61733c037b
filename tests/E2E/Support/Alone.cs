using Xunit;

namespace Godwit.Tests.E2E.Support;

/// <summary>Tests that measure time or have a cluster of their own, with a cluster of their own when both sides are done.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Alone : ICollectionFixture<ClusterFixture>;

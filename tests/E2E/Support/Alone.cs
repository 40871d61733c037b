using Xunit;

namespace Godwit.Tests.E2E.Support;

/// <summary>Tests that measure time, with a cluster of their own when all others are done.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Alone : ICollectionFixture<ClusterFixture>;

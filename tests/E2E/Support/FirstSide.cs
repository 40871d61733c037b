using Xunit;

namespace Godwit.Tests.E2E.Support;

/// <summary>Tests that share a cluster and run one after the other: those that are not on the <see cref="SecondSide"/>.</summary>
[CollectionDefinition]
public sealed class FirstSide : ICollectionFixture<ClusterFixture>;

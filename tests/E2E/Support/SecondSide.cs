using Xunit;

namespace Godwit.Tests.E2E.Support;

/// <summary>About half of the tests by time, on a cluster of their own beside that of the <see cref="FirstSide"/>.</summary>
[CollectionDefinition]
public sealed class SecondSide : ICollectionFixture<ClusterFixture>;

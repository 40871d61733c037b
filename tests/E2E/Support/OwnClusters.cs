using Xunit;

namespace Godwit.Tests.E2E.Support;

/// <summary>Tests with clusters of their own, which run one after the other beside the <see cref="FirstSide"/> and the <see cref="SecondSide"/>.</summary>
[CollectionDefinition]
public sealed class OwnClusters;

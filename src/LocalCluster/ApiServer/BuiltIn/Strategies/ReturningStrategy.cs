using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Kinds whose deletion is answered with the object.</summary>
internal sealed class ReturningStrategy : ResourceStrategy
{
    public override bool ReturnsDeletedObject => true;
}

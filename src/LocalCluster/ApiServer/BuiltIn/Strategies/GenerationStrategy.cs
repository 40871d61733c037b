using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Kinds whose generation is counted.</summary>
internal sealed class GenerationStrategy : ResourceStrategy
{
    public override bool CountsGeneration => true;
}

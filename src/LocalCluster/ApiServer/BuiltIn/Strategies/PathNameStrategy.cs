using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>RBAC kinds: names such as <c>system:node</c>.</summary>
internal sealed class PathNameStrategy : ResourceStrategy
{
    public override bool AllowsPathSegmentNames => true;
}

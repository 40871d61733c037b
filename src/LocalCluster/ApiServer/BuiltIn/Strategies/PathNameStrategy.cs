using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Names as paths allow them, such as <c>system:node</c>, where no kind gives its own rules.</summary>
internal sealed class PathNameStrategy : ResourceStrategy
{
    public override bool AllowsPathSegmentNames => true;
}

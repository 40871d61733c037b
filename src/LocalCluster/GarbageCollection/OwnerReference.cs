namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>One owner that an object names.</summary>
internal sealed record OwnerReference(string ApiVersion, string Kind, string Uid, bool Blocks)
{
    public string Group => ApiVersion.IndexOf('/', StringComparison.Ordinal) is var slash && slash < 0 ? "" : ApiVersion[..slash];
}

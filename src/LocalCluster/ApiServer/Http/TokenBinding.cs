namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>The object whose end is also the end of a token.</summary>
/// <param name="Kind"><c>pod</c>, <c>secret</c> or <c>node</c>, as the token's claims call it.</param>
/// <param name="Name">Its name, within the account's namespace unless it is a node.</param>
/// <param name="Uid">Its identity: another object of the same name does not count.</param>
internal sealed record TokenBinding(string Kind, string Name, string Uid)
{
    /// <summary>Of a pod: the node that it runs on.</summary>
    public TokenBinding? Node { get; init; }
}

namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>One thing that collection does to an object.</summary>
internal abstract record CollectionStep(ObjectNode Node)
{
    /// <summary>Deletes it, with a propagation policy.</summary>
    internal sealed record Delete(ObjectNode Node, string Policy) : CollectionStep(Node);

    /// <summary>Takes owners off its list.</summary>
    internal sealed record DropOwners(ObjectNode Node, IReadOnlyList<string> Uids) : CollectionStep(Node);

    /// <summary>Lets its deletion go on.</summary>
    internal sealed record RemoveFinalizer(ObjectNode Node, string Finalizer) : CollectionStep(Node);
}

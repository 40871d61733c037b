using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>What one kind does beyond the generic rules, at the steps of a write. Schema work is done before any of these.</summary>
public class ResourceStrategy
{
    public static readonly ResourceStrategy Default = new();

    /// <summary>Who owns which fields of the status that the strategy itself writes; null when it writes none that anybody would own.</summary>
    public virtual (string Manager, IReadOnlyCollection<string> Fields)? StatusOwner => null;

    /// <summary>True for kinds whose deletion knows no grace and counts no generation.</summary>
    public virtual bool HasOwnDeletion => false;

    /// <summary>False where generation is not counted (kinds without a spec, as ConfigMap).</summary>
    public virtual bool CountsGeneration => false;

    /// <summary>True where only the prefix rules of a path segment hold for names (RBAC's <c>system:node</c>).</summary>
    public virtual bool AllowsPathSegmentNames => false;

    /// <summary>False where a replacement must name the revision that it replaces.</summary>
    public virtual bool AllowsUnconditionalUpdate => true;

    /// <summary>A deletion is answered with the object instead of a Status.</summary>
    public virtual bool ReturnsDeletedObject => false;

    /// <summary>Longest name; label-like kinds allow 63.</summary>
    public virtual int MaxNameLength => 253;

    /// <summary>Throws unless the user may write what the object says, beyond the right to write one at all. <paramref name="old"/> is null for a creation.</summary>
    public virtual void CheckRights(WriteContext context, JsonObject obj, JsonObject? old)
    {
    }

    /// <summary>Drops what users may not set (status) and fills in what the server decides (cluster IPs).</summary>
    public virtual void PrepareForCreate(WriteContext context, JsonObject obj)
    {
    }

    /// <summary>Keeps what an update of the main resource may not touch.</summary>
    public virtual void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
    }

    public virtual IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj) => [];

    public virtual IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old) => [];

    /// <summary>When a deletion begins, before the object is marked: finalizers that the kind itself needs.</summary>
    public virtual void PrepareForDelete(WriteContext context, JsonObject obj)
    {
    }

    /// <summary>Why this object may not be deleted at all; null when it may.</summary>
    public virtual string? WhyKept(JsonObject obj) => null;

    /// <summary>Seconds that a deletion waits for the kubelet; null for kinds that go at once.</summary>
    public virtual long? GracePeriod(JsonObject obj, long? requested) => null;

    /// <summary>What the server itself does with a new object, as a controller would, before the answer about its creation goes out.</summary>
    public virtual Task SettleAsync(ResourceOperations operations, string ns, string name, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A write that was prepared was refused after that, or somebody else was faster: gives back what was taken for it.</summary>
    public virtual void Abandoned(WriteContext context, JsonObject obj, JsonObject? old)
    {
    }

    /// <summary>After a write was committed, for allocators: <paramref name="obj"/> is null when the object is gone.</summary>
    public virtual void Committed(WriteContext context, JsonObject? obj, JsonObject? old)
    {
    }
}

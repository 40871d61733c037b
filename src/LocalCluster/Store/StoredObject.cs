using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Store;

/// <summary>One revision of one object: immutable, kept as the bytes that go to clients.</summary>
public sealed class StoredObject
{
    private IReadOnlyDictionary<string, string>? _labels;

    internal StoredObject(StoreKey key, long revision, long createRevision, ReadOnlyMemory<byte> json)
    {
        Key = key;
        Revision = revision;
        CreateRevision = createRevision;
        Json = json;
    }

    public StoreKey Key { get; }

    /// <summary>The object's resourceVersion.</summary>
    public long Revision { get; }

    public long CreateRevision { get; }

    /// <summary>Canonical UTF-8 JSON: begins with apiVersion, kind and metadata.resourceVersion.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>What was made of the object for those who read it: kept with it, and gone with it. The last reader's is kept.</summary>
    internal object? Presented { get; set; }

    /// <summary>Labels, read once.</summary>
    public IReadOnlyDictionary<string, string> Labels => _labels ??= ObjectCodec.ReadLabels(Json.Span);

    /// <summary>The same content under another revision, as a watcher sees what left its selection.</summary>
    internal StoredObject AtRevision(long revision) =>
        new(Key, revision, CreateRevision, ObjectCodec.WithRevision(ObjectCodec.Encode(ToJsonObject()), revision));

    /// <summary>A fresh, mutable copy.</summary>
    public JsonObject ToJsonObject() =>
        (JsonObject)JsonNode.Parse(Json.Span, documentOptions: new JsonDocumentOptions { MaxDepth = ObjectCodec.MaxDepth })!;
}

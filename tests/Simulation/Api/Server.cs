using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Simulation.Time;
using Godwit.Types;

namespace Godwit.Simulation.Api;

/// <summary>
/// A small API server that keeps what the components rely on: versions, compare-and-swap, JSON and merge patches, finalizers,
/// grace of pods, the status as a path of its own, watches with a limited memory. It checks no schema.
/// </summary>
internal sealed class Server(VirtualClock clock)
{
    private const int OldGraceSeconds = 30;
    private static readonly string[] StatusApart =
    [
        Path.ResourceOf(Kinds.VirtualMachineInstanceMigration), Path.ResourceOf(Kinds.VirtualMachine), Path.ResourceOf(Kinds.KubeVirt),
        Path.ResourceOf(Kinds.VirtualMachineInstanceReplicaSet), Path.ResourceOf(Kinds.MigrationPolicy), Path.ResourceOf(Kinds.Pod),
        Path.ResourceOf(Kinds.Node),
    ];

    private readonly Dictionary<string, Collection> _collections = new(StringComparer.Ordinal);
    private long _version = 1000;
    private int _made;

    /// <summary>Called with each change, in order, when it has happened.</summary>
    public Action<Collection, Happening>? Changed { get; set; }

    /// <summary>Every write that took effect, for the trace: verb, resource, object.</summary>
    public Action<string, string, NamespacedName>? Written { get; set; }

    /// <summary>When a client last sent an order to move a VMI's record, whatever became of it.</summary>
    public Dictionary<NamespacedName, long> Swaps { get; } = [];

    public void NoteSwap(NamespacedName vmi) => Swaps[vmi] = clock.Ticks;

    public Collection Of(ResourceKind kind) => Of(Path.ResourceOf(kind));

    public Collection Of(string resource)
    {
        if (!_collections.TryGetValue(resource, out var collection))
        {
            _collections[resource] = collection = new Collection(resource, StatusApart.Contains(resource));
        }

        return collection;
    }

    public IEnumerable<Collection> Collections => _collections.Values;

    public Stored? Get(ResourceKind kind, NamespacedName key) => Of(kind).Objects.GetValueOrDefault(key);

    /// <summary>Carries out a request that is no watch.</summary>
    public Answer Handle(HttpMethod method, Path path, byte[] body, string mediaType)
    {
        var collection = Of(path.Resource);
        if (path.Name is null)
        {
            return method == HttpMethod.Get ? List(collection, path) : Create(collection, path, Parse(body));
        }

        if (!collection.Objects.TryGetValue(path.Key, out var stored))
        {
            return Answer.NotFound($"{path.Resource} \"{path.Name}\"");
        }

        return method.Method switch
        {
            "GET" => Answer.Ok(stored),
            "DELETE" => Delete(collection, path.Key, stored, body.Length == 0 ? null : Parse(body)),
            "PUT" => Put(collection, path, stored, Parse(body), "put"),
            "PATCH" => Patch(collection, path, stored, body, mediaType),
            _ => Answer.Status(405, "MethodNotAllowed", method.Method),
        };
    }

    /// <summary>Opens a watch; the answer when it cannot be opened.</summary>
    public (Watcher? Watcher, Answer? Refusal) Watch(Client client, Path path)
    {
        var collection = Of(path.Resource);
        var watcher = new Watcher(
            clock, client, LabelSelector.Parse(path.Query["labelSelector"]), FieldSelector.Parse(path.Query["fieldSelector"]), path.Namespace);
        var from = long.Parse(path.Query["resourceVersion"] ?? "0", CultureInfo.InvariantCulture);
        if (from < collection.Compacted)
        {
            return (null, Answer.Status(410, "Expired", $"too old resource version: {from} ({collection.Compacted})"));
        }

        foreach (var change in collection.History.Where(change => change.Version > from))
        {
            watcher.Tell(change);
        }

        collection.Watchers.Add(watcher);
        return (watcher, null);
    }

    /// <summary>Changes an object as a part of the cluster that is not under test, at once and without faults.</summary>
    public void Change(ResourceKind kind, NamespacedName key, Action<JsonObject> change)
    {
        var collection = Of(kind);
        if (collection.Objects.TryGetValue(key, out var stored))
        {
            var document = stored.Document.Clone();
            change(document);
            Store(collection, key, stored, document, "change");
        }
    }

    public Stored Create(ResourceKind kind, JsonObject document)
    {
        var collection = Of(kind);
        var answer = Create(collection, new Path(collection.Resource, kind.Namespaced ? document.Namespace() : null, null, null, []), document);
        return answer.Code == 201
            ? collection.Objects[document.Key()]
            : throw new InvalidOperationException(Encoding.UTF8.GetString(answer.Body));
    }

    public void Delete(ResourceKind kind, NamespacedName key, long? grace = null)
    {
        var collection = Of(kind);
        if (collection.Objects.TryGetValue(key, out var stored))
        {
            Delete(collection, key, stored, grace is null ? null : new JsonObject { ["gracePeriodSeconds"] = grace });
        }
    }

    private static Answer List(Collection collection, Path path, long version)
    {
        var labels = LabelSelector.Parse(path.Query["labelSelector"]);
        var fields = FieldSelector.Parse(path.Query["fieldSelector"]);
        using var stream = new MemoryStream();
        stream.Write(Encoding.UTF8.GetBytes($"{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"items\":["));
        var first = true;
        foreach (var (key, stored) in collection.Objects)
        {
            if ((path.Namespace is null || key.Namespace == path.Namespace) && labels.Matches(stored.Document.Labels()) && fields.Matches(stored.Document))
            {
                if (!first)
                {
                    stream.WriteByte((byte)',');
                }

                first = false;
                stream.Write(stored.Text);
            }
        }

        stream.Write("]}"u8);
        return new Answer(200, stream.ToArray());
    }

    private Answer List(Collection collection, Path path) => List(collection, path, _version);

    private Answer Create(Collection collection, Path path, JsonObject document)
    {
        var metadata = document.Ensure("metadata");
        if (document.Name().Length == 0)
        {
            metadata["name"] = $"{document.Text("metadata", "generateName")}{++_made:d5}";
        }

        if (path.Namespace is not null)
        {
            metadata["namespace"] = path.Namespace;
        }

        var key = document.Key();
        if (collection.Objects.ContainsKey(key))
        {
            return Answer.Status(409, "AlreadyExists", $"{collection.Resource} \"{key.Name}\" already exists");
        }

        metadata["uid"] = NewUid();
        metadata["creationTimestamp"] = Timestamp(clock.UtcNow);
        if (collection.StatusApart)
        {
            document.Remove("status");
        }

        return Answer.Ok(Store(collection, key, before: null, document, "create")!, created: true);
    }

    private Answer Patch(Collection collection, Path path, Stored stored, byte[] body, string mediaType)
    {
        var patch = JsonNode.Parse(body);
        JsonObject result;
        try
        {
            result = mediaType.Contains("json-patch", StringComparison.Ordinal)
                ? (JsonObject)JsonPatch.Apply(stored.Document, patch)!
                : (JsonObject)MergePatch.Apply(stored.Document, patch)!;
        }
        catch (JsonPatchException e)
        {
            return Answer.Status(422, "Invalid", e.Message);
        }

        return Put(collection, path, stored, result, "patch");
    }

    private Answer Put(Collection collection, Path path, Stored stored, JsonObject document, string verb)
    {
        if (document.ResourceVersion() is { Length: > 0 } version && version != $"{stored.Version}")
        {
            return Answer.Conflict($"{path.Resource} \"{path.Name}\"");
        }

        if (document.Uid() is { Length: > 0 } uid && uid != stored.Document.Uid())
        {
            return Answer.Conflict($"{path.Resource} \"{path.Name}\" (another UID)");
        }

        if (collection.StatusApart)
        {
            if (path.Subresource == "status")
            {
                var whole = stored.Document.Clone();
                whole["status"] = document["status"]?.DeepClone();
                document = whole;
            }
            else if (stored.Document["status"] is { } status)
            {
                document["status"] = status.DeepClone();
            }
            else
            {
                document.Remove("status");
            }
        }

        // What the server alone decides.
        var metadata = document.Ensure("metadata");
        foreach (var field in (ReadOnlySpan<string>)["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "name", "namespace"])
        {
            if (stored.Document.At("metadata", field) is { } own)
            {
                metadata[field] = own.DeepClone();
            }
            else
            {
                metadata.Remove(field);
            }
        }

        var now = Store(collection, path.Key, stored, document, path.Subresource is null ? verb : $"{verb} {path.Subresource}");
        return now is null ? new Answer(200, Json.Bytes(document)) : Answer.Ok(now);
    }

    private Answer Delete(Collection collection, NamespacedName key, Stored stored, JsonObject? options)
    {
        if (options.Text("preconditions", "uid") is { } uid && uid != stored.Document.Uid())
        {
            return Answer.Conflict($"{collection.Resource} \"{key.Name}\" (another UID)");
        }

        var pod = collection.Resource == Path.ResourceOf(Kinds.Pod);
        var grace = pod && stored.Document.Text("spec", "nodeName") is not null && !IsFinished(stored.Document)
            ? options.Integer("gracePeriodSeconds") ?? stored.Document.Integer("spec", "terminationGracePeriodSeconds") ?? OldGraceSeconds
            : 0;
        var held = stored.Document.At("metadata", "finalizers") is JsonArray { Count: > 0 };
        var already = stored.Document.Integer("metadata", "deletionGracePeriodSeconds");
        if (grace == 0 && !held)
        {
            Remove(collection, key, stored);
            return Answer.Status(200, "", "deleted");
        }

        if (already is not null && already <= grace)
        {
            return Answer.Ok(stored);
        }

        var document = stored.Document.Clone();
        var metadata = document.Ensure("metadata");
        metadata["deletionTimestamp"] = Timestamp(clock.UtcNow.AddSeconds(grace));
        metadata["deletionGracePeriodSeconds"] = grace;
        return Answer.Ok(Store(collection, key, stored, document, "delete")!);
    }

    private static bool IsFinished(JsonObject pod) => pod.Text("status", "phase") is PodPhases.Succeeded or PodPhases.Failed;

    /// <summary>Stores; null when that was the removal of the last finalizer, and the object is gone.</summary>
    private Stored? Store(Collection collection, NamespacedName key, Stored? before, JsonObject document, string verb)
    {
        var metadata = document.Ensure("metadata");
        if (before is not null)
        {
            metadata["resourceVersion"] = $"{before.Version}";
            if (JsonNode.DeepEquals(before.Document, document))
            {
                return before;
            }
        }

        if (metadata["deletionTimestamp"] is not null && before is not null && document.At("metadata", "finalizers") is not JsonArray { Count: > 0 }
            && before.Document.At("metadata", "finalizers") is JsonArray { Count: > 0 })
        {
            Remove(collection, key, before);
            return null;
        }

        var version = ++_version;
        metadata["resourceVersion"] = $"{version}";
        var stored = new Stored(document, Json.Bytes(document), version);
        collection.Objects[key] = stored;
        Tell(collection, key, new Happening(version, before, stored), verb);
        return stored;
    }

    private void Remove(Collection collection, NamespacedName key, Stored stored)
    {
        collection.Objects.Remove(key);
        Tell(collection, key, new Happening(++_version, stored, After: null), "remove");
    }

    private void Tell(Collection collection, NamespacedName key, Happening change, string verb)
    {
        Written?.Invoke(verb, collection.Resource, key);
        collection.Note(change);
        Changed?.Invoke(collection, change);
    }

    /// <summary>Different in every digit, as real ones are, but the same in each run.</summary>
    private string NewUid()
    {
        var mixed = (ulong)++_made * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed ^= mixed >> 27;
        return $"{mixed >> 32:x8}-{mixed >> 16 & 0xffff:x4}-4{mixed & 0xfff:x3}-8000-{_made:x12}";
    }

    private static JsonObject Parse(byte[] body) => (JsonObject)JsonNode.Parse(body)!;

    private static string Timestamp(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

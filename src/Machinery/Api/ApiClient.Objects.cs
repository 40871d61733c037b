using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Machinery;

// Reading and writing single objects. Each call has a typed form and one for documents of any kind.
public sealed partial class ApiClient
{
    public Task<T> GetAsync<T>(
        ResourceKind kind, NamespacedName name, JsonTypeInfo<T> type, string? subresource = null, CancellationToken ct = default) =>
        ExecuteAsync(Call("get", kind, name, subresource), HttpMethod.Get, kind.Path(name, subresource), content: null, Parse, type, ct);

    public Task<JsonObject> GetAsync(ResourceKind kind, NamespacedName name, string? subresource = null, CancellationToken ct = default) =>
        GetAsync(kind, name, MachineryJson.Default.JsonObject, subresource, ct);

    /// <summary>The object, or null when there is none of that name.</summary>
    public async Task<T?> TryGetAsync<T>(ResourceKind kind, NamespacedName name, JsonTypeInfo<T> type, CancellationToken ct = default)
        where T : class
    {
        try
        {
            return await GetAsync(kind, name, type, subresource: null, ct);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>The object, or null when there is none of that name.</summary>
    public Task<JsonObject?> TryGetAsync(ResourceKind kind, NamespacedName name, CancellationToken ct = default) =>
        TryGetAsync(kind, name, MachineryJson.Default.JsonObject, ct);

    /// <summary>Creates an object in a namespace (null for kinds that live in none); the answer is what was stored.</summary>
    public Task<T> CreateAsync<T>(
        ResourceKind kind, string? @namespace, T @object, JsonTypeInfo<T> type, WriteOptions? options = null, CancellationToken ct = default)
    {
        options ??= DefaultWrite;
        var call = new ApiCall("create", kind.GroupResource, @namespace ?? "");
        return ExecuteAsync(
            call, HttpMethod.Post, kind.CollectionPath(@namespace) + options.Query(), Json(@object, type), Parse, type, ct);
    }

    /// <summary>Creates an object in the namespace that it names; the answer is what was stored.</summary>
    public Task<JsonObject> CreateAsync(ResourceKind kind, JsonObject @object, WriteOptions? options = null, CancellationToken ct = default)
    {
        options ??= DefaultWrite;
        var name = @object.Key();
        if (name.Name.Length == 0)
        {
            name = name with { Name = @object.Text("metadata", "generateName") ?? "" };
        }

        return ExecuteAsync(
            Call("create", kind, name, subresource: null),
            HttpMethod.Post,
            kind.CollectionPath(name.Namespace) + options.Query(),
            Json(@object, MachineryJson.Default.JsonObject),
            Parse,
            MachineryJson.Default.JsonObject,
            ct);
    }

    /// <summary>Posts a document to a subresource of an object, such as <c>pods/eviction</c>.</summary>
    public Task<JsonObject> CreateSubresourceAsync(
        ResourceKind kind, NamespacedName name, string subresource, JsonObject body, CancellationToken ct = default) =>
        ExecuteAsync(
            Call("create", kind, name, subresource),
            HttpMethod.Post,
            kind.Path(name, subresource),
            Json(body, MachineryJson.Default.JsonObject),
            Parse,
            MachineryJson.Default.JsonObject,
            ct);

    /// <summary>Replaces the whole object; refused as a conflict if its <c>resourceVersion</c> is no longer the newest.</summary>
    public Task<T> ReplaceAsync<T>(
        ResourceKind kind, NamespacedName name, T @object, JsonTypeInfo<T> type, WriteOptions? options = null, CancellationToken ct = default)
    {
        options ??= DefaultWrite;
        return ExecuteAsync(
            Call("update", kind, name, options.Subresource),
            HttpMethod.Put,
            kind.Path(name, options.Subresource) + options.Query(),
            Json(@object, type),
            Parse,
            type,
            ct);
    }

    /// <summary>Replaces the whole object; refused as a conflict if its <c>resourceVersion</c> is no longer the newest.</summary>
    public Task<JsonObject> ReplaceAsync(ResourceKind kind, JsonObject @object, WriteOptions? options = null, CancellationToken ct = default) =>
        ReplaceAsync(kind, @object.Key(), @object, MachineryJson.Default.JsonObject, options, ct);

    public Task<T> PatchAsync<T>(
        ResourceKind kind,
        NamespacedName name,
        PatchKind patchKind,
        JsonNode patch,
        JsonTypeInfo<T> type,
        WriteOptions? options = null,
        CancellationToken ct = default)
    {
        options ??= DefaultWrite;
        if (patchKind == PatchKind.Apply && options.FieldManager is null)
        {
            options = options with { FieldManager = _options.UserAgent };
        }

        return ExecuteAsync(
            Call("patch", kind, name, options.Subresource),
            HttpMethod.Patch,
            kind.Path(name, options.Subresource) + options.Query(patch: true),
            Json(patch, MachineryJson.Default.JsonNode, patchKind.MediaType()),
            Parse,
            type,
            ct);
    }

    public Task<JsonObject> PatchAsync(
        ResourceKind kind, NamespacedName name, PatchKind patchKind, JsonNode patch, WriteOptions? options = null, CancellationToken ct = default) =>
        PatchAsync(kind, name, patchKind, patch, MachineryJson.Default.JsonObject, options, ct);

    /// <summary>Asks for an object's deletion; the answer is the object as it is now, or the server's status.</summary>
    public Task<JsonObject> DeleteAsync(ResourceKind kind, NamespacedName name, DeleteOptions? options = null, CancellationToken ct = default) =>
        ExecuteAsync(
            Call("delete", kind, name, subresource: null),
            HttpMethod.Delete,
            kind.Path(name),
            options is null ? null : Json(options.ToJson(), MachineryJson.Default.JsonObject),
            Parse,
            MachineryJson.Default.JsonObject,
            ct);

    /// <summary>Asks for an object's deletion; false when there is none of that name (or UID, if the options give one).</summary>
    public async Task<bool> TryDeleteAsync(ResourceKind kind, NamespacedName name, DeleteOptions? options = null, CancellationToken ct = default)
    {
        try
        {
            await DeleteAsync(kind, name, options, ct);
            return true;
        }
        catch (ApiException e) when (e.IsNotFound || (e.IsConflict && options?.Uid is not null))
        {
            return false;
        }
    }

    private static WriteOptions DefaultWrite { get; } = new();

    private static ApiCall Call(string verb, ResourceKind kind, NamespacedName name, string? subresource) =>
        new(verb, subresource is null ? kind.GroupResource : $"{kind.GroupResource}/{subresource}", name.ToString());
}

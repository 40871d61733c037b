using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Machinery;

// Lists, watches and streams.
public sealed partial class ApiClient
{
    /// <summary>All objects of a kind in a namespace (null: in all), read page by page.</summary>
    public async Task<ResourceList<T>> ListAsync<T>(
        ResourceKind kind, string? @namespace, JsonTypeInfo<T> type, ListOptions? options = null, CancellationToken ct = default)
    {
        var page = await ListPagesAsync(kind, @namespace, type, static (item, state) => Read(item, state), options, ct);
        return page;
    }

    /// <summary>All objects of a kind in a namespace (null: in all), read page by page.</summary>
    public Task<ResourceList<JsonObject>> ListAsync(
        ResourceKind kind, string? @namespace = null, ListOptions? options = null, CancellationToken ct = default) =>
        ListAsync(kind, @namespace, MachineryJson.Default.JsonObject, options, ct);

    /// <summary>One page; pass the token of the page before.</summary>
    public Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceKind kind, string? @namespace, JsonTypeInfo<T> type, ListOptions options, string? token = null, CancellationToken ct = default) =>
        ListPageAsync(kind, @namespace, type, static (item, state) => Read(item, state), options, token, ct);

    /// <summary>
    /// Changes to the objects of a kind in a namespace (null: in all), until the server ends the watch. An error event, such as
    /// 410 for a version that is too old, is thrown. Items without a type of their own get it from the kind.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceKind kind,
        string? @namespace,
        JsonTypeInfo<T> type,
        WatchOptions? options = null,
        [EnumeratorCancellation] CancellationToken ct = default)
        where T : class
    {
        options ??= new();
        var call = new ApiCall("watch", kind.GroupResource, @namespace ?? "");
        var path = kind.CollectionPath(@namespace) + new QueryString()
            .Add("watch", "true")
            .Add("allowWatchBookmarks", "true")
            .Add("labelSelector", options.LabelSelector)
            .Add("fieldSelector", options.FieldSelector)
            .Add("resourceVersion", options.ResourceVersion)
            .Add("timeoutSeconds", options.Duration is { } d ? ((long)Math.Ceiling(d.TotalSeconds)).ToString() : null);
        using var response = await StreamAsync(call, path, "application/json", ct, options.Patience);
        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, silence.Token);
        var reader = PipeReader.Create(
            await response.Content.ReadAsStreamAsync(ct), new StreamPipeReaderOptions(bufferSize: 32 * 1024));
        var batch = new List<WatchEvent<T>>();
        try
        {
            for (var ended = false; !ended;)
            {
                ReadResult result;
                try
                {
                    silence.CancelAfter(options.Silence ?? Timeout.InfiniteTimeSpan);
                    result = await reader.ReadAsync(linked.Token);
                }
                catch (Exception e) when (e is OperationCanceledException && !ct.IsCancellationRequested)
                {
                    throw new ApiException(call, $"no word for {options.Silence?.TotalSeconds:0.#} s; taken for dead", e, isTimeout: true);
                }
                catch (Exception e) when (Translate(call, e, Timeout.InfiniteTimeSpan, ct, CancellationToken.None) is { } translated)
                {
                    throw translated;
                }

                var rest = result.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    Append(call, rest.Slice(0, end), type, batch);
                    rest = rest.Slice(rest.GetPosition(1, end));
                }

                if (result.IsCompleted && !rest.IsEmpty)
                {
                    Append(call, rest, type, batch);
                    rest = rest.Slice(rest.End);
                }

                reader.AdvanceTo(rest.Start, rest.End);
                ended = result.IsCompleted;
                foreach (var item in batch)
                {
                    yield return item;
                }

                batch.Clear();
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>Changes to the objects of a kind in a namespace (null: in all), until the server ends the watch.</summary>
    public IAsyncEnumerable<WatchEvent<JsonObject>> WatchAsync(
        ResourceKind kind, string? @namespace = null, WatchOptions? options = null, CancellationToken ct = default) =>
        WatchAsync(kind, @namespace, MachineryJson.Default.JsonObject, options, ct);

    /// <summary>The log of a pod's container, as bytes while they come. The caller disposes the stream, which ends the call.</summary>
    public Task<Stream> PodLogsAsync(NamespacedName pod, PodLogOptions? options = null, CancellationToken ct = default) =>
        OpenStreamAsync(
            Call("get", CoreKinds.Pod, pod, "log"), CoreKinds.Pod.Path(pod, "log") + (options ?? new()).Query(), ct);

    /// <summary>The body of any path as a stream. The caller disposes it, which ends the call.</summary>
    public Task<Stream> GetStreamAsync(string pathAndQuery, CancellationToken ct = default) =>
        OpenStreamAsync(new ApiCall("get", pathAndQuery, ""), pathAndQuery, ct);

    internal async Task<ResourceList<TItem>> ListPagesAsync<T, TItem>(
        ResourceKind kind,
        string? @namespace,
        JsonTypeInfo<T> type,
        Func<JsonElement, ListContext<T>, TItem> read,
        ListOptions? options,
        CancellationToken ct)
    {
        options ??= new();
        var items = new List<TItem>();
        string? token = null;
        do
        {
            ResourcePage<TItem> page;
            try
            {
                page = await ListPageAsync(kind, @namespace, type, read, options, token, ct);
            }
            catch (ApiException e) when (e.IsGone && token is not null)
            {
                // The pages' version was compacted away while we read: begin again, in one answer that cannot expire.
                items.Clear();
                options = options with { PageSize = 0 };
                page = await ListPageAsync(kind, @namespace, type, read, options, token: null, ct);
            }

            items.AddRange(page.Items);
            token = page.Continue;
            if (token is null)
            {
                return new(items, page.ResourceVersion);
            }
        }
        while (true);
    }

    private async Task<Stream> OpenStreamAsync(ApiCall call, string path, CancellationToken ct)
    {
        var response = await StreamAsync(call, path, "*/*", ct);
        return new ResponseStream(response, await response.Content.ReadAsStreamAsync(ct));
    }

    private Task<ResourcePage<TItem>> ListPageAsync<T, TItem>(
        ResourceKind kind,
        string? @namespace,
        JsonTypeInfo<T> type,
        Func<JsonElement, ListContext<T>, TItem> read,
        ListOptions options,
        string? token,
        CancellationToken ct)
    {
        // A continue token carries its version: servers refuse both together.
        var path = kind.CollectionPath(@namespace) + new QueryString()
            .Add("labelSelector", options.LabelSelector)
            .Add("fieldSelector", options.FieldSelector)
            .Add("limit", options.PageSize > 0 ? options.PageSize.ToString() : null)
            .Add("continue", token)
            .Add("resourceVersion", token is null ? options.ResourceVersion : null)
            .Add("resourceVersionMatch", token is null ? options.ResourceVersionMatch : null);
        return ExecuteAsync(
            new ApiCall("list", kind.GroupResource, @namespace ?? ""),
            HttpMethod.Get,
            path,
            content: null,
            static (body, state) => ReadPage(body, state.context, state.read),
            (context: new ListContext<T>(kind, type), read),
            ct,
            patience: options.Patience);
    }

    private static ResourcePage<TItem> ReadPage<T, TItem>(
        ReadOnlyMemory<byte> body, ListContext<T> context, Func<JsonElement, ListContext<T>, TItem> read)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 512 });
        var root = document.RootElement;
        var items = new List<TItem>();
        if (root.TryGetProperty("items", out var array) && array.ValueKind == JsonValueKind.Array)
        {
            items.EnsureCapacity(array.GetArrayLength());
            foreach (var item in array.EnumerateArray())
            {
                items.Add(read(item, context));
            }
        }

        string version = "";
        string? token = null;
        long? remaining = null;
        if (root.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object)
        {
            version = metadata.TryGetProperty("resourceVersion", out var v) ? v.GetString() ?? "" : "";
            token = metadata.TryGetProperty("continue", out var c) && c.GetString() is { Length: > 0 } t ? t : null;
            remaining = metadata.TryGetProperty("remainingItemCount", out var r) && r.TryGetInt64(out var n) ? n : null;
        }

        return new(items, version, token, remaining);
    }

    internal static T Read<T>(JsonElement item, ListContext<T> context)
    {
        var result = item.Deserialize(context.Type) ?? throw new JsonException($"a list of {context.Kind.Plural} holds a null");
        // Built-in kinds come without apiVersion and kind in lists; documents that are written back need them.
        if (result is JsonObject document && !document.ContainsKey("kind"))
        {
            document.Insert(0, "apiVersion", context.Kind.ApiVersion);
            document.Insert(1, "kind", context.Kind.Kind);
        }

        return result;
    }

    private static void Append<T>(ApiCall call, ReadOnlySequence<byte> line, JsonTypeInfo<T> type, List<WatchEvent<T>> batch)
        where T : class
    {
        if (line.Length <= 1)
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 512 });
            var @object = document.RootElement.GetProperty("object");
            var identity = ObjectIdentity.Of(@object);
            var name = document.RootElement.GetProperty("type").GetString();
            switch (name)
            {
                case "ADDED":
                    batch.Add(new(WatchEventType.Added, @object.Deserialize(type), identity));
                    break;
                case "MODIFIED":
                    batch.Add(new(WatchEventType.Modified, @object.Deserialize(type), identity));
                    break;
                case "DELETED":
                    batch.Add(new(WatchEventType.Deleted, @object.Deserialize(type), identity));
                    break;
                case "BOOKMARK":
                    batch.Add(new(WatchEventType.Bookmark, Object: null, identity));
                    break;
                case "ERROR":
                    throw new ApiException(call, @object.Deserialize(MachineryJson.Default.ApiStatus) ?? new ApiStatus { Code = 500 });
                default:
                    throw new ApiException(call, $"unknown watch event \"{name}\"", inner: null);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ApiException(call, $"a watch event cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>What the reader of a list's items needs to know.</summary>
internal readonly record struct ListContext<T>(ResourceKind Kind, JsonTypeInfo<T> Type);

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Store;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Reading;

/// <summary>Lists: a consistent snapshot, filtered and paged, sent as the stored bytes wherever possible.</summary>
internal sealed class ListHandler(ObjectStore store, TimeProvider time)
{
    private static readonly TimeSpan TooLargeWait = TimeSpan.FromSeconds(3);

    public async Task HandleAsync(ApiRequest call)
    {
        var negotiation = call.Negotiate();
        var selection = Selection.Of(call);
        var options = ListOptions.Parse(call, watch: false);
        var page = Page(await SourceAsync(call, options), selection, options);
        var metadata = new JsonObject { ["resourceVersion"] = page.Revision.ToString(CultureInfo.InvariantCulture) };
        if (call.Target.Resource.Custom && negotiation.Shape == ResponseShape.Object)
        {
            metadata["continue"] = "";
        }

        if (page.Next is not null)
        {
            metadata["continue"] = page.Next.Encode();
            if (selection.IsEverything)
            {
                metadata["remainingItemCount"] = page.Remaining;
            }
        }

        if (negotiation.Shape == ResponseShape.Object && !negotiation.Yaml && !ResponseWriter.WantsPretty(call.Http))
        {
            await WriteRawAsync(call, page.Items, metadata);
            return;
        }

        var objects = page.Items.Select(o => ObjectReader.Present(o, call.Target.Resource, call.Target.Version));
        var body = negotiation.Shape switch
        {
            ResponseShape.Table => TableWriter.Table(call.Target, negotiation.ApiVersion, objects, TableWriter.IncludeOf(call), time, metadata),
            ResponseShape.Metadata => ListOf("PartialObjectMetadataList", negotiation.ApiVersion, metadata, objects.Select(o => TableWriter.Metadata(o, negotiation.ApiVersion))),
            _ => ListOf(call.Target.Resource.ListKind, call.Target.Resource.ApiVersion(call.Target.Version.Name), metadata, objects),
        };
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status200OK, body, negotiation.Yaml);
    }

    private async Task<(IEnumerable<StoredObject> Objects, long Revision, ContinueToken? From)> SourceAsync(ApiRequest call, ListOptions options)
    {
        var resource = call.Target.Resource.StoreName;
        var ns = call.Target.Namespace;
        if (options.Continue.Length > 0)
        {
            if (options.ResourceVersion is not ("" or "0"))
            {
                throw ApiErrors.BadRequest("specifying resource version is not allowed when using continue");
            }

            return Continued(ContinueToken.Decode(options.Continue), resource, ns);
        }

        var revision = options.Revision(watch: false) ?? 0;
        if (revision > store.Revision)
        {
            await WaitForAsync(revision, resource, call.Aborted);
        }

        var exact = options.Match == "Exact" || (options.Match.Length == 0 && options.Limit > 0 && revision > 0);
        if (!exact)
        {
            var snapshot = store.Snapshot;
            return (snapshot.List(resource, ns), snapshot.Revision, null);
        }

        try
        {
            return (store.ListAt(resource, ns, revision), revision, null);
        }
        catch (StoreCompactedException)
        {
            throw ApiErrors.Expired("The resourceVersion for the provided list is too old.");
        }
    }

    private (IEnumerable<StoredObject> Objects, long Revision, ContinueToken? From) Continued(ContinueToken token, string resource, string ns)
    {
        if (token.Revision < 0)
        {
            var snapshot = store.Snapshot;
            return (snapshot.List(resource, ns), snapshot.Revision, token);
        }

        try
        {
            return (store.ListAt(resource, ns, token.Revision), token.Revision, token);
        }
        catch (StoreCompactedException)
        {
            throw new StatusException(410, "Expired",
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
            {
                Continue = token.Inconsistent(),
            };
        }
    }

    // A revision of the future may be one that a client learned a moment before this server published it.
    private async Task WaitForAsync(long revision, string resource, CancellationToken cancellationToken)
    {
        var watch = store.Watch(resource, store.Revision);
        var until = time.GetUtcNow() + TooLargeWait;
        while (store.Revision < revision)
        {
            watch.Read();
            var left = until - time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                throw TooLarge(revision);
            }

            await watch.WaitAsync(left < TimeSpan.FromMilliseconds(100) ? left : TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }

    private StatusException TooLarge(long revision) => new(504, "Timeout", $"Too large resource version: {revision}, current: {store.Revision}", new JsonObject
    {
        ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
        ["retryAfterSeconds"] = 1,
    })
    {
        RetryAfterSeconds = 1,
    };

    private static ListPage Page((IEnumerable<StoredObject> Objects, long Revision, ContinueToken? From) source, Selection selection, ListOptions options)
    {
        var objects = source.From is { } from ? source.Objects.SkipWhile(o => !from.IsBefore(o)) : source.Objects;
        var items = new List<StoredObject>();
        var remaining = 0L;
        foreach (var obj in objects)
        {
            if (!selection.Matches(obj))
            {
                continue;
            }

            if (options.Limit > 0 && items.Count == options.Limit)
            {
                remaining++;
                if (!selection.IsEverything)
                {
                    break;
                }
            }
            else
            {
                items.Add(obj);
            }
        }

        return new ListPage(items, source.Revision, remaining > 0 ? new ContinueToken(source.Revision, items[^1].Key.Path) : null, remaining);
    }

    private static async Task WriteRawAsync(ApiRequest call, IReadOnlyList<StoredObject> items, JsonObject metadata)
    {
        var resource = call.Target.Resource;
        var version = call.Target.Version;
        var http = call.Http;
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-cache, private";
        var body = http.Response.BodyWriter;
        Write(body, Encoding.UTF8.GetBytes($"{{\"kind\":\"{resource.ListKind}\",\"apiVersion\":\"{resource.ApiVersion(version.Name)}\",\"metadata\":{ObjectCodec.ToText(metadata)},\"items\":["));

        // Items of built-in lists carry no kind of their own: their common prefix is left out.
        var skip = resource.Custom ? 0 : $"{{\"apiVersion\":\"{resource.ApiVersion(version.Name)}\",\"kind\":\"{resource.Kind}\",".Length;
        var first = true;
        foreach (var item in items)
        {
            var json = ObjectReader.Bytes(item, resource, version).Span;
            if (!first)
            {
                Write(body, ","u8);
            }

            first = false;
            if (skip > 0)
            {
                Write(body, "{"u8);
            }

            Write(body, json[skip..]);
            if (body.UnflushedBytes > 256 * 1024)
            {
                await body.FlushAsync(call.Aborted);
            }
        }

        Write(body, "]}\n"u8);
        await body.FlushAsync(call.Aborted);
    }

    private static void Write(IBufferWriter<byte> to, ReadOnlySpan<byte> bytes) => to.Write(bytes);

    private static JsonObject ListOf(string kind, string apiVersion, JsonObject metadata, IEnumerable<JsonObject> items) => new()
    {
        ["kind"] = kind,
        ["apiVersion"] = apiVersion,
        ["metadata"] = metadata,
        ["items"] = new JsonArray([.. items]),
    };

    private sealed record ListPage(IReadOnlyList<StoredObject> Items, long Revision, ContinueToken? Next, long Remaining);
}

using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Store;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Reading;

/// <summary>Watches: one JSON document a line for every change, bookmarks in between, a Status as ERROR when history is gone.</summary>
internal sealed class WatchHandler(ObjectStore store, ResourceRegistry registry, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LastBookmark = TimeSpan.FromSeconds(1.7);

    public async Task HandleAsync(ApiRequest call)
    {
        var negotiation = call.Negotiate();
        var selection = Selection.Of(call);
        var options = ListOptions.Parse(call, watch: true);
        var revision = options.Revision(watch: true);
        var timeout = call.Number("timeoutSeconds") is { } seconds and > 0
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.FromMinutes(30 + (30 * Random.Shared.NextDouble()));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, stopping);
        void EndWithResource(object? sender, EventArgs e)
        {
            if (registry.Find(call.Target.Resource.QualifiedName)?.Version(call.Target.Version.Name) is null)
            {
                end.Cancel();
            }
        }

        registry.Changed += EndWithResource;
        try
        {
            var http = call.Http;
            http.Response.StatusCode = StatusCodes.Status200OK;
            http.Response.ContentType = negotiation.Yaml ? "application/yaml;stream=watch" : "application/json";
            http.Response.Headers.CacheControl = "no-cache, private";
            await http.Response.StartAsync(call.Aborted);
            var stream = new WatchStream(call, negotiation, selection, http.Response.BodyWriter, time);
            await RunAsync(stream, options, revision, call.Flag("allowWatchBookmarks"), timeout, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client left, the resource is gone, or the server stops: the stream just ends.
        }
        finally
        {
            registry.Changed -= EndWithResource;
        }
    }

    private async Task RunAsync(WatchStream stream, ListOptions options, long? revision, bool bookmarks, TimeSpan timeout, CancellationToken end)
    {
        var initial = options.SendInitialEvents ?? revision is null or 0;
        var watch = initial ? Initial(stream, bookmarks) : store.Watch(stream.Resource, revision is null or 0 ? store.Revision : revision.Value);
        var now = time.GetUtcNow();
        var until = now + timeout;
        var bookmarkAt = now + BookmarkInterval;
        var last = bookmarks && timeout > LastBookmark ? until - LastBookmark : DateTimeOffset.MaxValue;
        var told = watch.Position;
        await stream.FlushAsync(end);
        while (now < until)
        {
            try
            {
                foreach (var change in watch.Read())
                {
                    stream.Write(change);
                }
            }
            catch (StoreCompactedException e)
            {
                stream.WriteError(ApiErrors.Expired(e.Message));
                await stream.FlushAsync(end);
                return;
            }

            now = time.GetUtcNow();
            if (bookmarks && (now >= bookmarkAt || now >= last))
            {
                // Nothing new since the last is not told; whoever streams a list asks how far it is.
                if (watch.Position > told || options.SendInitialEvents == true)
                {
                    stream.WriteBookmark(watch.Position, initialEventsEnd: false);
                    told = watch.Position;
                }

                last = now >= last ? DateTimeOffset.MaxValue : last;
                bookmarkAt = now + BookmarkInterval;
            }

            await stream.FlushAsync(end);
            var next = bookmarks ? Min(until, Min(bookmarkAt, last)) : until;
            if (next > now)
            {
                await watch.WaitAsync(next - now, time, end);
            }

            now = time.GetUtcNow();
        }
    }

    private StoreWatch Initial(WatchStream stream, bool bookmarks)
    {
        var snapshot = store.Snapshot;
        foreach (var obj in snapshot.List(stream.Resource, stream.Namespace))
        {
            stream.WriteExisting(obj);
        }

        if (bookmarks)
        {
            stream.WriteBookmark(snapshot.Revision, initialEventsEnd: true);
        }

        return store.Watch(stream.Resource, snapshot.Revision);
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    /// <summary>The lines of one watch.</summary>
    private sealed class WatchStream(ApiRequest call, Negotiation negotiation, Selection selection, PipeWriter body, TimeProvider time)
    {
        private bool _definitionsSent;

        public string Resource => call.Target.Resource.StoreName;

        public string Namespace => call.Target.Namespace;

        public void WriteExisting(StoredObject obj)
        {
            if (selection.Matches(obj))
            {
                Write("ADDED", obj);
            }
        }

        /// <summary>An object that comes into or leaves the selection is added or deleted, as far as this client can see.</summary>
        public void Write(StoreEvent change)
        {
            var now = change.Type != StoreEventType.Deleted && selection.Matches(change.Object);
            var before = change.Previous is not null && selection.Matches(change.Previous);
            switch (before, now)
            {
                case (false, true):
                    Write("ADDED", change.Object);
                    break;
                case (true, true):
                    Write("MODIFIED", change.Object);
                    break;
                case (true, false):
                    Write("DELETED", change.Type == StoreEventType.Deleted ? change.Object : AtRevision(change.Previous!, change.Revision));
                    break;
            }
        }

        public void WriteBookmark(long revision, bool initialEventsEnd)
        {
            var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) };
            if (initialEventsEnd)
            {
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            }

            var (kind, apiVersion) = negotiation.Shape switch
            {
                ResponseShape.Table => ("Table", negotiation.ApiVersion),
                ResponseShape.Metadata => ("PartialObjectMetadata", negotiation.ApiVersion),
                _ => (call.Target.Resource.Kind, call.Target.Resource.ApiVersion(call.Target.Version.Name)),
            };
            var obj = new JsonObject { ["kind"] = kind, ["apiVersion"] = apiVersion, ["metadata"] = metadata };
            Line("BOOKMARK", ObjectCodec.ToBytes(obj));
        }

        public void WriteError(StatusException error) => Line("ERROR", ObjectCodec.ToBytes(error.ToStatus()));

        public async ValueTask FlushAsync(CancellationToken cancellationToken)
        {
            var result = await body.FlushAsync(cancellationToken);
            if (result.IsCompleted)
            {
                throw new OperationCanceledException("the client left");
            }
        }

        private void Write(string type, StoredObject obj)
        {
            if (negotiation.Shape == ResponseShape.Object)
            {
                Line(type, ObjectReader.Bytes(obj, call.Target.Resource, call.Target.Version).Span);
                return;
            }

            var presented = ObjectReader.Present(obj, call.Target.Resource, call.Target.Version);
            if (negotiation.Shape == ResponseShape.Metadata)
            {
                Line(type, ObjectCodec.ToBytes(TableWriter.Metadata(presented, negotiation.ApiVersion)));
                return;
            }

            var metadata = new JsonObject { ["resourceVersion"] = obj.Revision.ToString(CultureInfo.InvariantCulture) };
            var table = TableWriter.Table(call.Target, negotiation.ApiVersion, [presented], TableWriter.IncludeOf(call), time, metadata, !_definitionsSent);
            _definitionsSent = true;
            Line(type, ObjectCodec.ToBytes(table));
        }

        private void Line(string type, ReadOnlySpan<byte> json)
        {
            body.Write("{\"type\":\""u8);
            body.Write(System.Text.Encoding.ASCII.GetBytes(type));
            body.Write("\",\"object\":"u8);
            body.Write(json);
            body.Write("}\n"u8);
        }

        private static StoredObject AtRevision(StoredObject previous, long revision) => previous.AtRevision(revision);
    }
}

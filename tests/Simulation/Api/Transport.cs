using System.Globalization;
using System.Net;
using System.Text;
using Godwit.Machinery;
using Godwit.Simulation.Time;

namespace Godwit.Simulation.Api;

/// <summary>The HTTP connection of one process to the simulated API server, with all that can go wrong on the way.</summary>
internal sealed class Transport(VirtualClock clock, Server server, Client client) : HttpMessageHandler
{
    /// <summary>What is in every patch that moves the record, and in no other.</summary>
    private static readonly byte[] Swap = Encoding.UTF8.GetBytes(JsonPatch.Replace("/status/ownerPodUID", null).ToJsonString()[..^"null}".Length]);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var mediaType = request.Content?.Headers.ContentType?.MediaType ?? "";
        var path = Path.Parse(request.RequestUri!);
        if (body.AsSpan().IndexOf(Swap) >= 0)
        {
            server.NoteSwap(path.Key);
        }

        var answer = new TaskCompletionSource<HttpResponseMessage>();
        clock.After(client.Link.Delay(), () => Arrive(request.Method, path, body, mediaType, answer));
        return await answer.Task.WaitAsync(cancellationToken);
    }

    private void Arrive(HttpMethod method, Path path, byte[] body, string mediaType, TaskCompletionSource<HttpResponseMessage> answer)
    {
        var link = client.Link;
        if (link.Has(LinkFault.Refused))
        {
            Reply(() => answer.TrySetException(new HttpRequestException("Connection refused")));
            return;
        }

        if (link.Has(LinkFault.Away))
        {
            // Some of what is under way arrives when the way is open again, when its sender may have given up.
            if (link.Chance(0.3))
            {
                clock.At(link.OpenAt + link.Delay().Ticks, () => Carry(method, path, body, mediaType, answer));
            }

            return;
        }

        if (link.Has(LinkFault.Late) && link.Chance(0.3))
        {
            clock.After(link.Between(0.5, 60), () => Carry(method, path, body, mediaType, answer));
            return;
        }

        if (link.Has(LinkFault.Refuses) && link.Chance(0.4))
        {
            var refusal = method == HttpMethod.Get || link.Chance(0.3)
                ? link.Chance(0.5) ? Answer.Status(503, "ServiceUnavailable", "etcdserver: leader changed") : Answer.Status(429, "TooManyRequests", "too many requests")
                : Answer.Conflict($"{path.Resource} \"{path.Name}\"");
            Reply(() => answer.TrySetResult(Response(refusal)));
            return;
        }

        Carry(method, path, body, mediaType, answer);
    }

    private void Carry(HttpMethod method, Path path, byte[] body, string mediaType, TaskCompletionSource<HttpResponseMessage> answer)
    {
        if (path.Query["watch"] == "true")
        {
            Watch(path, answer);
            return;
        }

        var said = server.Handle(method, path, body, mediaType);
        var link = client.Link;
        if (link.Has(LinkFault.Away))
        {
            return;
        }

        if (link.Has(LinkFault.LosesAnswers) && link.Chance(0.4))
        {
            if (link.Chance(0.5))
            {
                Reply(() => answer.TrySetException(new HttpRequestException("The response ended prematurely")));
            }

            return;
        }

        Reply(() => answer.TrySetResult(Response(said)));
    }

    private void Watch(Path path, TaskCompletionSource<HttpResponseMessage> answer)
    {
        if (!client.IsAlive() || answer.Task.IsCompleted)
        {
            return;
        }

        var (watcher, refusal) = server.Watch(client, path);
        if (watcher is null)
        {
            Reply(() => answer.TrySetResult(Response(refusal!)));
            return;
        }

        var seconds = int.Parse(path.Query["timeoutSeconds"] ?? "600", CultureInfo.InvariantCulture);
        clock.After(TimeSpan.FromSeconds(seconds), () => End(path, watcher));
        Reply(() =>
        {
            if (!answer.TrySetResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(watcher.Stream) }))
            {
                End(path, watcher);
            }
        });
    }

    private void End(Path path, Watcher watcher)
    {
        server.Of(path.Resource).Watchers.Remove(watcher);
        watcher.End(broken: false);
    }

    // The way back: what comes for a process that has died in between is lost.
    private void Reply(Action action) => clock.After(client.Link.Delay(), () =>
    {
        if (client.IsAlive())
        {
            action();
        }
    });

    private static HttpResponseMessage Response(Answer answer) =>
        new((HttpStatusCode)answer.Code) { Content = new ByteArrayContent(answer.Body) };
}

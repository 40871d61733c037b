using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Cli.Api;

/// <summary>Follows one object by watch, through restarts of the API server.</summary>
public sealed class ObjectFollower(ApiClient api, TimeProvider clock)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    /// <summary>The object as it is and at every change; null once it is gone, and then the end.</summary>
    public async IAsyncEnumerable<JsonObject?> FollowAsync(
        ResourceKind kind, NamespacedName name, [EnumeratorCancellation] CancellationToken ct)
    {
        var seen = "";
        while (true)
        {
            JsonObject? now = null;
            var reached = true;
            try
            {
                now = await api.TryGetAsync(kind, name, ct);
            }
            catch (ApiException e) when (IsPassing(e))
            {
                reached = false;
            }

            if (reached)
            {
                if (now is null)
                {
                    yield return null;
                    yield break;
                }

                if (now.ResourceVersion() != seen)
                {
                    seen = now.ResourceVersion();
                    yield return now;
                }

                await foreach (var change in ChangesAsync(kind, name, seen, ct))
                {
                    seen = change.Identity.ResourceVersion;
                    if (change.Type == WatchEventType.Bookmark)
                    {
                        continue;
                    }

                    if (change.Type == WatchEventType.Deleted)
                    {
                        yield return null;
                        yield break;
                    }

                    yield return change.Object;
                }
            }

            await Task.Delay(Retry, clock, ct);
        }
    }

    /// <summary>The first state of the object that the condition holds for; null if it is gone before.</summary>
    public async Task<JsonObject?> UntilAsync(
        ResourceKind kind, NamespacedName name, Func<JsonObject, bool> condition, TimeSpan limit, string what, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(limit, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        JsonObject? last = null;
        try
        {
            await foreach (var state in FollowAsync(kind, name, linked.Token))
            {
                if (state is null)
                {
                    return null;
                }

                last = state;
                if (condition(state))
                {
                    return state;
                }
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new CliException(
                $"Waited {limit.TotalSeconds:0} s for {what}; the phase is {last.Text("status", "phase") ?? "not set"}{Reason(last)}.",
                $"Look at: kubectl describe {kind.Plural} {name.Name} -n {name.Namespace}",
                ExitCodes.TimedOut);
        }

        return last;
    }

    /// <summary>The message of the condition that says why an object is not where it should be.</summary>
    public static string Reason(JsonObject? @object)
    {
        if (@object.At("status", "conditions") is not JsonArray conditions)
        {
            return "";
        }

        var bad = conditions.FirstOrDefault(static c => c.Text("type") is "Synchronized" or "PodScheduled" && c.Text("status") == "False")
            ?? conditions.FirstOrDefault(static c => c.Text("type") == "Ready" && c.Text("status") == "False");
        return bad.Text("message") is { Length: > 0 } message ? $" ({bad.Text("reason")}: {message})" : "";
    }

    private async IAsyncEnumerable<WatchEvent<JsonObject>> ChangesAsync(
        ResourceKind kind, NamespacedName name, string version, [EnumeratorCancellation] CancellationToken ct)
    {
        var options = new WatchOptions
        {
            FieldSelector = $"metadata.name={name.Name}",
            ResourceVersion = version,
            Silence = TimeSpan.FromMinutes(2),
        };
        await using var changes = api.WatchAsync(kind, name.Namespace, options, ct).GetAsyncEnumerator(ct);
        while (true)
        {
            try
            {
                if (!await changes.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (ApiException e) when (IsPassing(e))
            {
                yield break;
            }

            yield return changes.Current;
        }
    }

    /// <summary>The server restarts, or the version is too old: ask again.</summary>
    private static bool IsPassing(ApiException e) => e.IsUnreachable || e.IsGone || e.Code is 429 or >= 500;
}

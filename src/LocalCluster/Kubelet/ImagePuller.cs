using System.Collections.Concurrent;
using Godwit.LocalCluster.Images;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Has images ready for pods. A pull runs beside the pods that wait for it, one per image, so that a slow registry holds up
/// neither the end of a pod nor other pods.
/// </summary>
public sealed class ImagePuller(ImageStore store, ImageImporter importer, TimeProvider time, CancellationToken lifetime)
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, Pull> _pulls = new(StringComparer.Ordinal);

    /// <summary>Says how it stands with an image; starts a pull if one is due. <paramref name="notify"/> is called when that ends.</summary>
    public ImageState Ask(string reference, string? policy, Action notify)
    {
        ImageRecord? image;
        try
        {
            image = store.Find(reference);
        }
        catch (ImageException e)
        {
            return new ImageState.Failed("InvalidImageName", e.Message, time.GetUtcNow() + LongestBackOff, IsNew: false);
        }
        var effective = policy ?? (ImageReference.IsLatest(reference) ? "Always" : "IfNotPresent");
        // What was imported by hand is what the user wants to run; asking a registry for it would only fail or change it.
        var settled = image is not null && (effective != "Always" || image.Source != "registry");
        if (settled || (image is not null && _pulls.TryGetValue(reference, out var done) && done.Task.IsCompletedSuccessfully))
        {
            _pulls.TryRemove(reference, out _);
            return new ImageState.Ready(image!, WasPulled: !settled);
        }
        if (effective == "Never")
        {
            return new ImageState.Failed(
                "ErrImageNeverPull", $"Container image \"{reference}\" is not present with pull policy of Never; import it: godwit image import FILE", time.GetUtcNow() + FirstBackOff, IsNew: true);
        }
        return Pulling(reference, notify);
    }

    private ImageState Pulling(string reference, Action notify)
    {
        var now = time.GetUtcNow();
        if (_pulls.TryGetValue(reference, out var pull))
        {
            if (!pull.Task.IsCompleted)
            {
                pull.Notify.Add(notify);
                return new ImageState.Pulling(IsNew: false);
            }
            if (pull.Task.Exception?.InnerException is { } error && now < pull.RetryAt)
            {
                var isNew = !pull.Told;
                pull.Told = true;
                return isNew
                    ? new ImageState.Failed("ErrImagePull", error.Message, now + TimeSpan.FromSeconds(2), isNew)
                    : new ImageState.Failed("ImagePullBackOff", $"Back-off pulling image \"{reference}\": ErrImagePull: {error.Message}", pull.RetryAt, isNew);
            }
        }
        var count = pull is { Task.IsFaulted: true } ? pull.Count + 1 : 0;
        var next = new Pull { Count = count, Notify = [notify] };
        _pulls[reference] = next;
        next.Task = RunAsync(reference, next);
        return new ImageState.Pulling(IsNew: true);
    }

    private async Task RunAsync(string reference, Pull pull)
    {
        // A pull must not hold up who asks.
        await Task.Yield();
        try
        {
            await importer.PullAsync(reference, lifetime);
        }
        finally
        {
            var delay = Math.Min(LongestBackOff.TotalSeconds, FirstBackOff.TotalSeconds * Math.Pow(2, Math.Min(pull.Count, 10)));
            pull.RetryAt = time.GetUtcNow().AddSeconds(delay);
            foreach (var notify in pull.Notify)
            {
                notify();
            }
        }
    }

    private sealed class Pull
    {
        public Task Task { get; set; } = Task.CompletedTask;
        public int Count { get; init; }
        public bool Told { get; set; }
        public DateTimeOffset RetryAt { get; set; }
        public ConcurrentBag<Action> Notify { get; init; } = [];
    }
}

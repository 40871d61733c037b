namespace Godwit.Machinery;

/// <summary>Loops that stand and fall together.</summary>
public static class TaskGroup
{
    /// <summary>
    /// Runs all parts until the token is cancelled. When one of them throws, the others are cancelled and, after they have
    /// ended, the first failure is thrown: a component with a dead loop must not look alive. A part may end by itself.
    /// </summary>
    public static async Task RunAsync(CancellationToken ct, params IReadOnlyList<Func<CancellationToken, Task>> parts)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var tasks = parts.Select(part => GuardAsync(part, stop)).ToArray();
        var failures = (await Task.WhenAll(tasks)).OfType<Exception>().ToArray();
        if (Array.Find(failures, e => e is not OperationCanceledException) is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        ct.ThrowIfCancellationRequested();
        if (failures.Length > 0)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures[0]);
        }
    }

    private static async Task<Exception?> GuardAsync(Func<CancellationToken, Task> part, CancellationTokenSource stop)
    {
        // Yielding first lets every part start even if one runs long before its first wait.
        await Task.Yield();
        try
        {
            await part(stop.Token);
            return null;
        }
        catch (Exception e)
        {
            await stop.CancelAsync();
            return e;
        }
    }
}

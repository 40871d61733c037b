using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// The loop of one pod: one driver at a time, for the migration that the record is about. It sleeps without a connection to
/// QEMU when there is nothing to do, since a monitor serves one client only.
/// </summary>
internal sealed partial class PodSession : IAsyncDisposable
{
    private static readonly TimeSpan AfterError = TimeSpan.FromMilliseconds(500);

    private readonly RecordKeeper _record;
    private readonly MigrationTools _tools;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop;
    private readonly Task _loop;
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();
    private LocalPod _pod;

    public PodSession(
        LocalPod pod, RecordKeeper record, MigrationTools tools, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        _pod = pod;
        _record = record;
        _tools = tools;
        _logger = logger;
        _time = time;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        record.News = Wake;
        _loop = Task.Run(RunAsync, CancellationToken.None);
    }

    public void Update(VirtualMachineInstance vmi, LocalPod? pod = null)
    {
        _record.Take(vmi);
        lock (_lock)
        {
            _pod = pod ?? _pod;
        }

        Wake();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        string? finished = null;
        while (!_stop.IsCancellationRequested)
        {
            var changed = Changed();
            var vmi = _record.Vmi;
            var uid = vmi.Migration()?.MigrationUid;
            var role = MigrationReconciler.RoleOf(vmi, _pod.Uid);
            if (uid is null || uid == finished || role == MigrationRole.None)
            {
                await changed.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            await using IMigrationDriver driver = role == MigrationRole.Source
                ? new SourceMigration(_pod, uid, _record, _tools, _logger, _time)
                : new TargetMigration(_pod, uid, _record, _tools, _logger, _time);
            if (await DriveAsync(driver, uid))
            {
                finished = uid;
            }
        }
    }

    private async Task<bool> DriveAsync(IMigrationDriver driver, string uid)
    {
        while (!_stop.IsCancellationRequested)
        {
            var changed = Changed();
            var monitor = driver.Monitor;
            var seen = monitor?.Events.Position ?? 0;
            StepResult result;
            try
            {
                result = await driver.StepAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception e)
            {
                // Whatever it was: the facts are where they were, and the next look starts from them.
                LogError(_logger, e, uid);
                result = StepResult.After(AfterError);
            }

            if (result.Done)
            {
                return true;
            }

            if (result.Wait > TimeSpan.Zero)
            {
                // Events that came during the step count: it may have looked before they happened.
                var events = driver.Monitor is not { } now ? null : now.Events.ChangedAsync(ReferenceEquals(now, monitor) ? seen : 0);
                // Whole milliseconds: of a part of one nothing would be left, and it would look again and again.
                var wait = TimeSpan.FromMilliseconds(Math.Ceiling(result.Wait.TotalMilliseconds));
                await Task.WhenAny(changed, events ?? changed, Task.Delay(wait, _time, _stop.Token));
            }
        }

        return false;
    }

    private void Wake()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = NewSignal();
        }

        changed.TrySetResult();
    }

    private Task Changed()
    {
        lock (_lock)
        {
            return _changed.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(340, LogLevel.Error, "Migration {Uid}: a step failed and will be repeated")]
    private static partial void LogError(ILogger logger, Exception e, string uid);
}

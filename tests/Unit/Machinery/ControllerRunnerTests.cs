using System.Threading.Channels;
using Godwit.Machinery;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class ControllerRunnerTests : IAsyncDisposable
{
    private static readonly NamespacedName Key = new("ns", "a");

    private readonly FakeTimeProvider _clock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<TaskCompletionSource<Result>> _calls = Channel.CreateUnbounded<TaskCompletionSource<Result>>();
    private readonly ControllerRunner _runner;
    private Task _running = Task.CompletedTask;

    public ControllerRunnerTests() => _runner = new ControllerRunner(
        "test",
        async (_, ct) =>
        {
            var call = new TaskCompletionSource<Result>(TaskCreationOptions.RunContinuationsAsynchronously);
            await _calls.Writer.WriteAsync(call, ct);
            return await call.Task.WaitAsync(ct);
        },
        NullLogger.Instance,
        _clock,
        new() { Workers = 2, Limiter = new ExponentialPerKey<NamespacedName>(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)) });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    [Fact]
    public async Task Nothing_is_reconciled_before_the_caches_are_filled()
    {
        var synced = new TaskCompletionSource();
        _running = _runner.RunAsync(_stop.Token, ct => synced.Task.WaitAsync(ct));
        _runner.Enqueue(Key);
        _calls.Reader.TryPeek(out _).ShouldBeFalse();
        synced.SetResult();
        (await CallAsync()).SetResult(Result.Done);
    }

    [Fact]
    public async Task A_result_may_ask_for_another_look()
    {
        Start();
        (await CallAsync()).SetResult(Result.After(TimeSpan.FromSeconds(30)));
        await IdleAsync();
        _clock.Advance(TimeSpan.FromSeconds(30));
        (await CallAsync()).SetResult(Result.Done);
    }

    [Fact]
    public async Task A_failure_backs_the_key_off_and_success_forgets_it()
    {
        Start();
        (await CallAsync()).SetException(new InvalidOperationException("boom"));
        await IdleAsync();
        _runner.Queue.Failures(Key).ShouldBe(1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        (await CallAsync()).SetResult(Result.Done);
        await IdleAsync();
        _runner.Queue.Failures(Key).ShouldBe(0);
    }

    [Fact]
    public async Task What_retrying_cannot_cure_rests_until_the_object_changes()
    {
        Start();
        (await CallAsync()).SetException(new TerminalException("hopeless"));
        await IdleAsync();
        _clock.Advance(TimeSpan.FromMinutes(10));
        _calls.Reader.TryPeek(out _).ShouldBeFalse();
        _runner.Enqueue(Key);
        (await CallAsync()).SetResult(Result.Done);
    }

    [Fact]
    public async Task A_reconcile_that_hangs_is_cancelled_and_counts_as_failed()
    {
        Start();
        await CallAsync();
        _clock.Advance(TimeSpan.FromMinutes(5));
        await IdleAsync();
        _runner.Queue.Failures(Key).ShouldBe(1);
    }

    [Fact]
    public async Task When_one_loop_dies_the_others_are_cancelled_and_the_failure_is_thrown()
    {
        var others = new TaskCompletionSource();
        var error = await Should.ThrowAsync<InvalidOperationException>(() => TaskGroup.RunAsync(
            Ct,
            ct =>
            {
                ct.Register(others.SetResult);
                return Task.Delay(Timeout.Infinite, ct);
            },
            _ => throw new InvalidOperationException("dead")));
        error.Message.ShouldBe("dead");
        others.Task.IsCompleted.ShouldBeTrue();
    }

    private void Start()
    {
        _running = _runner.RunAsync(_stop.Token);
        _runner.Enqueue(Key);
    }

    private async Task<TaskCompletionSource<Result>> CallAsync() => await _calls.Reader.ReadAsync(Ct);

    /// <summary>Waits until the worker has handed its key back: the key can then be taken again at once.</summary>
    private async Task IdleAsync()
    {
        while (!_runner.Queue.IsIdle)
        {
            await Task.Yield();
            Ct.ThrowIfCancellationRequested();
        }
    }
}

using CsCheck;
using Godwit.Machinery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class WorkQueueTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new(
        new ExponentialPerKey<string>(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)), _clock);

    public void Dispose() => _queue.Dispose();

    [Fact]
    public async Task A_key_added_twice_is_given_out_once()
    {
        _queue.Add("a");
        _queue.Add("a");
        (await TakeAsync()).ShouldBe("a");
        _queue.Done("a");
        _queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_key_in_work_is_not_given_out_again_before_it_is_done()
    {
        _queue.Add("a");
        await TakeAsync();
        _queue.Add("a");
        _queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_key_added_while_in_work_runs_once_more_after_it()
    {
        _queue.Add("a");
        await TakeAsync();
        _queue.Add("a");
        _queue.Add("a");
        _queue.Done("a");
        (await TakeAsync()).ShouldBe("a");
        _queue.Done("a");
        _queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Keys_come_in_the_order_in_which_they_were_added()
    {
        _queue.Add("a");
        _queue.Add("b");
        _queue.Add("c");
        new[] { await TakeAsync(), await TakeAsync(), await TakeAsync() }.ShouldBe(["a", "b", "c"]);
    }

    [Fact]
    public async Task A_waiting_worker_gets_the_next_key()
    {
        var waiting = TakeAsync();
        waiting.IsCompleted.ShouldBeFalse();
        _queue.Add("a");
        (await waiting).ShouldBe("a");
    }

    [Fact]
    public async Task A_delayed_key_comes_when_its_time_has_come()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        _queue.Count.ShouldBe(0);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        (await TakeAsync()).ShouldBe("a");
    }

    [Theory]
    [InlineData(10, 5)]
    [InlineData(5, 10)]
    public async Task Of_two_delays_of_a_key_the_earlier_holds_and_it_comes_once(int first, int second)
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(first));
        _queue.AddAfter("a", TimeSpan.FromSeconds(second));
        _clock.Advance(TimeSpan.FromSeconds(5));
        (await TakeAsync()).ShouldBe("a");
        _queue.Done("a");
        _clock.Advance(TimeSpan.FromSeconds(20));
        _queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Failures_of_a_key_double_its_delay_up_to_the_limit_until_it_is_forgotten()
    {
        foreach (var seconds in new[] { 1, 2, 4, 8, 10, 10 })
        {
            _queue.AddRateLimited("a");
            _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            _queue.Count.ShouldBe(0);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            _queue.Count.ShouldBe(1);
            _queue.Done(await TakeAsync());
        }

        _queue.Failures("a").ShouldBe(6);
        _queue.Forget("a");
        _queue.Failures("a").ShouldBe(0);
        _queue.AddRateLimited("a");
        _clock.Advance(TimeSpan.FromSeconds(1));
        _queue.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Shutting_down_hands_out_what_is_ready_and_takes_nothing_more()
    {
        _queue.Add("a");
        _queue.AddAfter("later", TimeSpan.FromSeconds(1));
        _queue.ShutDown();
        _queue.Add("b");
        (await TakeAsync()).ShouldBe("a");
        (await _queue.GetAsync(Ct)).HasKey.ShouldBeFalse();
    }

    [Fact]
    public async Task Shutting_down_wakes_waiting_workers()
    {
        var waiting = _queue.GetAsync(Ct);
        _queue.ShutDown();
        (await waiting).HasKey.ShouldBeFalse();
    }

    [Fact]
    public async Task Draining_waits_for_the_work_in_hand()
    {
        _queue.Add("a");
        await TakeAsync();
        var draining = _queue.DrainAsync(Ct);
        draining.IsCompleted.ShouldBeFalse();
        _queue.Done("a");
        await draining;
    }

    [Fact]
    public async Task A_cancelled_worker_loses_no_key()
    {
        using var stop = new CancellationTokenSource();
        var waiting = _queue.GetAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
        _queue.Add("a");
        (await TakeAsync()).ShouldBe("a");
    }

    [Fact]
    public void With_many_threads_a_key_is_never_in_work_twice_and_none_is_lost()
    {
        Gen.Int[0, 4].Array[1, 50].Sample(
            adds =>
            {
                using var queue = new WorkQueue<int>(clock: _clock);
                var inWork = new int[5];
                var workers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
                {
                    var done = new List<int>();
                    while (await queue.GetAsync(Ct) is (true, var key))
                    {
                        Interlocked.Increment(ref inWork[key]).ShouldBe(1);
                        done.Add(key);
                        await Task.Yield();
                        Interlocked.Decrement(ref inWork[key]);
                        queue.Done(key);
                    }

                    return done;
                })).ToArray();
                foreach (var key in adds)
                {
                    queue.Add(key);
                }

                queue.ShutDown();
                var seen = Task.WhenAll(workers).WaitAsync(TimeSpan.FromSeconds(20)).GetAwaiter().GetResult().SelectMany(d => d);
                seen.Distinct().Order().ShouldBe(adds.Distinct().Order());
            },
            iter: 200,
            threads: 1);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<string> TakeAsync()
    {
        var (has, key) = await _queue.GetAsync(Ct);
        has.ShouldBeTrue();
        return key;
    }
}

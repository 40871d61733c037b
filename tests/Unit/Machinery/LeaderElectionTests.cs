using System.Text.Json.Nodes;
using Godwit.Machinery;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class LeaderElectionTests : IDisposable
{
    private static readonly NamespacedName Lease = new("kube-system", "test");

    private readonly FakeTimeProvider _clock = new();
    private readonly Lock _gate = new();
    private readonly FakeApi _api;
    private JsonObject? _lease;
    private int _version;
    private bool _down;

    public LeaderElectionTests() => _api = new FakeApi(Answer);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _api.Dispose();

    [Fact]
    public async Task Of_two_candidates_one_leads_and_the_other_follows_when_the_lease_is_given_back()
    {
        using var stopFirst = new CancellationTokenSource();
        var first = new Worker();
        var second = new Worker();
        var firstRun = Election("a").RunAsync(first.WorkAsync, stopFirst.Token);
        await first.Started.Task;
        using var stopSecond = new CancellationTokenSource();
        var secondRun = Election("b").RunAsync(second.WorkAsync, stopSecond.Token);
        await AdvanceAsync(TimeSpan.FromSeconds(60));
        second.Started.Task.IsCompleted.ShouldBeFalse();
        await stopFirst.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(firstRun);
        await AdvanceUntilAsync(() => second.Started.Task.IsCompleted, TimeSpan.FromSeconds(10));
        Holder.ShouldBe("b");
        await stopSecond.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(secondRun);
    }

    [Fact]
    public async Task A_leader_that_cannot_renew_stops_before_another_may_start()
    {
        using var stop = new CancellationTokenSource();
        var leader = new Worker();
        var run = Election("a").RunAsync(leader.WorkAsync, stop.Token);
        await leader.Started.Task;
        _down = true;
        await AdvanceUntilAsync(() => leader.Ended.Task.IsCompleted, TimeSpan.FromSeconds(14));
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(run);
    }

    [Fact]
    public async Task A_lease_that_nobody_renews_is_taken_after_its_duration_and_not_before()
    {
        _lease = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = Lease.Name, ["namespace"] = Lease.Namespace, ["resourceVersion"] = "1" },
            ["spec"] = new JsonObject
            {
                ["holderIdentity"] = "gone",
                ["leaseDurationSeconds"] = 30,
                // A clock far ahead or behind must make no difference.
                ["renewTime"] = "2001-01-01T00:00:00.000000Z",
                ["leaseTransitions"] = 4,
            },
        };
        using var stop = new CancellationTokenSource();
        var worker = new Worker();
        var run = Election("b").RunAsync(worker.WorkAsync, stop.Token);
        await AdvanceAsync(TimeSpan.FromSeconds(26));
        worker.Started.Task.IsCompleted.ShouldBeFalse();
        await AdvanceUntilAsync(() => worker.Started.Task.IsCompleted, TimeSpan.FromSeconds(10));
        _lease.Integer("spec", "leaseTransitions").ShouldBe(5);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(run);
    }

    [Fact]
    public async Task A_failure_of_the_work_ends_the_election_and_gives_the_lease_back()
    {
        await Should.ThrowAsync<InvalidOperationException>(
            () => Election("a").RunAsync(_ => throw new InvalidOperationException("boom"), Ct));
        Holder.ShouldBe("");
    }

    private string? Holder => _lease.Text("spec", "holderIdentity");

    private LeaderElection Election(string identity) => new(_api.Client(_clock), new(Lease, identity), NullLogger.Instance, _clock);

    private HttpResponseMessage Answer(FakeRequest request)
    {
        lock (_gate)
        {
            if (_down)
            {
                throw new HttpRequestException("refused");
            }

            switch (request.Method)
            {
                case "GET" when _lease is null:
                    return FakeApi.Refuse(404, "NotFound");
                case "POST" when _lease is not null:
                    return FakeApi.Refuse(409, "AlreadyExists");
                case "PUT" when request.Json.ResourceVersion() != _lease.ResourceVersion():
                    return FakeApi.Refuse(409, "Conflict");
                case "POST" or "PUT":
                    _lease = (JsonObject)request.Json;
                    _lease["metadata"]!["resourceVersion"] = (++_version + 100).ToString();
                    break;
            }

            return FakeApi.Json(_lease!);
        }
    }

    private async Task AdvanceAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(0.5))
        {
            _clock.Advance(TimeSpan.FromSeconds(0.5));
            await SettleAsync();
        }
    }

    private async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan limit)
    {
        for (var passed = TimeSpan.Zero; passed < limit && !condition(); passed += TimeSpan.FromSeconds(0.5))
        {
            _clock.Advance(TimeSpan.FromSeconds(0.5));
            await SettleAsync();
        }

        condition().ShouldBeTrue();
    }

    /// <summary>Lets what the clock has released run to its next wait.</summary>
    private static async Task SettleAsync()
    {
        for (var i = 0; i < 50; i++)
        {
            await Task.Yield();
        }

        await Task.Delay(2, Ct);
    }

    private sealed class Worker
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task WorkAsync(CancellationToken ct)
        {
            Started.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, ct);
            }
            finally
            {
                Ended.TrySetResult();
            }
        }
    }
}

using Godwit.Machinery;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

/// <summary>What queues and clients count.</summary>
public sealed class WorkMetricsTests
{
    private static readonly NamespacedName Key = new("ns", "a");
    private readonly MetricRegistry _registry = new("kubevirt_");
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queue_tells_how_many_wait_for_how_long_and_how_long_the_work_takes()
    {
        using var queue = new WorkQueue<NamespacedName>(null, _clock, new QueueMetrics(_registry, "vmi"));
        using var counted = _registry.Collect(queue.Samples);
        queue.Add(Key);
        queue.Add(Key);
        queue.Add(new("ns", "b"));
        _clock.Advance(TimeSpan.FromSeconds(5));
        await queue.GetAsync(Ct);
        _clock.Advance(TimeSpan.FromSeconds(3));
        var text = MetricTests.Read(_registry);
        text.ShouldContain("kubevirt_workqueue_adds_total{name=\"vmi\"} 2\n");
        text.ShouldContain("kubevirt_workqueue_depth{name=\"vmi\"} 1\n");
        text.ShouldContain("kubevirt_workqueue_queue_duration_seconds_sum{name=\"vmi\"} 5\n");
        text.ShouldContain("kubevirt_workqueue_longest_running_processor_seconds{name=\"vmi\"} 3\n");
        text.ShouldContain("kubevirt_workqueue_unfinished_work_seconds{name=\"vmi\"} 3\n");
        queue.Done(Key);
        queue.AddRateLimited(Key);
        text = MetricTests.Read(_registry);
        text.ShouldContain("kubevirt_workqueue_work_duration_seconds_sum{name=\"vmi\"} 3\n");
        text.ShouldContain("kubevirt_workqueue_unfinished_work_seconds{name=\"vmi\"} 0\n");
        text.ShouldContain("kubevirt_workqueue_retries_total{name=\"vmi\"} 1\n");
    }

    [Fact]
    public async Task A_key_added_while_in_work_waits_from_then_on()
    {
        using var queue = new WorkQueue<NamespacedName>(null, _clock, new QueueMetrics(_registry, "vmi"));
        queue.Add(Key);
        await queue.GetAsync(Ct);
        queue.Add(Key);
        _clock.Advance(TimeSpan.FromSeconds(2));
        queue.Done(Key);
        await queue.GetAsync(Ct);
        MetricTests.Read(_registry).ShouldContain("kubevirt_workqueue_queue_duration_seconds_sum{name=\"vmi\"} 2\n");
    }

    [Fact]
    public async Task A_controller_that_has_ended_says_nothing_of_its_queue_any_more()
    {
        using var stop = new CancellationTokenSource();
        var runner = new ControllerRunner(
            "vmi", static (_, _) => Task.FromResult(Result.Done), NullLogger.Instance, _clock, new() { Metrics = _registry });
        var running = runner.RunAsync(stop.Token);
        MetricTests.Read(_registry).ShouldContain("kubevirt_workqueue_depth{name=\"vmi\"}");
        await stop.CancelAsync();
        await running;
        MetricTests.Read(_registry).ShouldNotContain("kubevirt_workqueue_depth");
    }

    [Fact]
    public async Task A_client_counts_its_requests_by_what_came_of_them()
    {
        using var api = new FakeApi(static request => request.Path.EndsWith("gone", StringComparison.Ordinal)
            ? FakeApi.Refuse(404, "NotFound")
            : request.Path.EndsWith("away", StringComparison.Ordinal) ? throw new HttpRequestException("no route") : FakeApi.Json("{}"));
        var client = api.Client(_clock, new ApiClientOptions { Metrics = _registry });
        var pods = new ResourceKind("", "v1", "pods", "Pod", Namespaced: true);
        await client.GetAsync(pods, new("ns", "a"), ct: Ct);
        await client.GetAsync(pods, new("other", "b"), ct: Ct);
        await client.TryGetAsync(pods, new("ns", "gone"), Ct);
        await Should.ThrowAsync<ApiException>(() => client.GetAsync(pods, new("ns", "away"), ct: Ct));
        await client.GetRawAsync("/version", ct: Ct);
        var text = MetricTests.Read(_registry);
        const string Requests = "kubevirt_rest_client_requests_total";
        text.ShouldContain($$"""{{Requests}}{code="200",method="GET",host="api.test:6443",resource="pods",verb="GET"} 2""");
        text.ShouldContain($$"""{{Requests}}{code="404",method="GET",host="api.test:6443",resource="pods",verb="GET"} 1""");
        text.ShouldContain($$"""{{Requests}}{code="<error>",method="GET",host="api.test:6443",resource="pods",verb="GET"} 1""");
        text.ShouldContain($$"""{{Requests}}{code="200",method="GET",host="api.test:6443",resource="none",verb="none"} 1""");
        text.ShouldContain("""kubevirt_rest_client_request_latency_seconds_count{verb="GET",url="https://api.test:6443/api/v1/namespaces/{namespace}/pods/{name}"} 4""");
    }

    [Theory]
    [InlineData("/api/v1/pods?limit=500", "/api/v1/pods")]
    [InlineData("/api/v1/nodes/node01", "/api/v1/nodes/{name}")]
    [InlineData("/api/v1/namespaces/default", "/api/v1/namespaces/{name}")]
    [InlineData("/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstances", "/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachineinstances")]
    [InlineData("/apis/kubevirt.io/v1/namespaces/a/virtualmachineinstancemigrations/b/status", "/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachineinstancemigrations/{name}/status")]
    [InlineData("/openapi/v3/apis/x", "/{prefix}")]
    [InlineData("/apis/kubevirt.io/v1", "/{prefix}")]
    public void Names_are_taken_out_of_addresses(string path, string template) => RequestMetrics.Template(path).ShouldBe(template);
}

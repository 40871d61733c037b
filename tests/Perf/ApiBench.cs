using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Perf;

/// <summary>
/// The API server alone, with objects of about 0.7 KB of a kind with a structural schema and a status: creations a second by 1, 8 and
/// 32 clients with a connection each, how long 100 watchers wait for what 20 creations a second bring, and the memory that 5,000
/// objects need. JSON over HTTP/2 and TLS; every creation is on disk before it is answered.
/// </summary>
internal static class ApiBench
{
    private const int Watchers = 100;
    private const int WatchedCreations = 100;
    private const int Objects = 5000;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
    private static readonly ResourceKind Definition = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false);
    private static readonly ResourceKind Gauge = new("perf.godwit.dev", "v1", "gauges", "Gauge", Namespaced: true);

    public static async Task RunAsync(TestCluster cluster, Report report, CancellationToken ct)
    {
        await cluster.Api.CreateAsync(Definition, DefinitionOfGauge(), ct: ct);
        while (true)
        {
            using var asked = await cluster.Api.SendRawAsync(HttpMethod.Get, Gauge.CollectionPath("default"), ct: ct);
            if (asked.IsSuccessStatusCode)
            {
                break;
            }

            await Task.Delay(Pace, TimeProvider.System, ct);
        }

        var made = 0;
        var writers = Enumerable.Range(0, 8).Select(_ => cluster.NewClient()).ToList();
        await Task.WhenAll(writers.Select(async api =>
        {
            while (Interlocked.Increment(ref made) is var i && i <= Objects)
            {
                await PostAsync(api, $"first-{i}", ct);
            }
        }));
        writers.ForEach(static w => w.Dispose());
        report.Add($"RSS of the cluster with {Objects} objects", "MiB", Rss(cluster), 150);
        foreach (var clients in (int[])[1, 8, 32])
        {
            made += await CreateAsync(cluster, clients, made, report, ct);
        }

        await WatchAsync(cluster, report, ct);
        report.Add($"RSS of the cluster with {made + WatchedCreations} objects", "MiB", Rss(cluster));
    }

    private static double Rss(TestCluster cluster) => cluster.Processes().Where(p => p.Command.Contains("cluster", StringComparison.Ordinal)).Max(p => p.Rss);

    private static async Task<int> CreateAsync(TestCluster cluster, int clients, int from, Report report, CancellationToken ct)
    {
        var apis = Enumerable.Range(0, clients).Select(_ => cluster.NewClient()).ToList();
        var waits = new ConcurrentBag<double>();
        var next = from;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(apis.Select(async api =>
        {
            while (Stopwatch.GetElapsedTime(began) < Span)
            {
                var sent = Stopwatch.GetTimestamp();
                await PostAsync(api, $"gauge-{Interlocked.Increment(ref next)}", ct);
                waits.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }
        }));
        var sorted = waits.Order().ToList();
        report.Add($"creations a second, {clients} clients", "1/s", sorted.Count / Stopwatch.GetElapsedTime(began).TotalSeconds);
        report.Add($"… p50, {clients} clients", "ms", At(sorted, 0.5));
        report.Add($"… p99, {clients} clients", "ms", At(sorted, 0.99));
        apis.ForEach(static a => a.Dispose());
        return sorted.Count;
    }

    private static async Task WatchAsync(TestCluster cluster, Report report, CancellationToken ct)
    {
        var revision = (await cluster.Api.ListAsync(Gauge, "default", ct: ct)).ResourceVersion;
        var sent = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var waits = new ConcurrentBag<double>();
        var apis = Enumerable.Range(0, Watchers).Select(_ => cluster.NewClient()).ToList();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watches = apis.Select(api => ReceiveAsync(api, revision, sent, waits, end.Token)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, ct);
        using var pace = new PeriodicTimer(Pace);
        for (var i = 0; i < WatchedCreations; i++)
        {
            await pace.WaitForNextTickAsync(ct);
            var name = $"watched-{i}";
            sent[name] = Stopwatch.GetTimestamp();
            await PostAsync(cluster.Api, name, ct);
        }

        await Task.WhenAll(watches);
        var sorted = waits.Order().ToList();
        report.Add($"{Watchers} watchers, sent to received, p50", "ms", At(sorted, 0.5));
        report.Add($"{Watchers} watchers, sent to received, p90", "ms", At(sorted, 0.9));
        report.Add($"{Watchers} watchers, sent to received, p99", "ms", At(sorted, 0.99));
        apis.ForEach(static a => a.Dispose());
    }

    private static async Task ReceiveAsync(ApiClient api, string revision, ConcurrentDictionary<string, long> sent, ConcurrentBag<double> waits, CancellationToken ct)
    {
        await using var stream = await api.GetStreamAsync($"{Gauge.CollectionPath("default")}?watch=true&resourceVersion={revision}", ct);
        using var lines = new StreamReader(stream);
        for (var seen = 0; seen < WatchedCreations && await lines.ReadLineAsync(ct) is { } line;)
        {
            var at = line.IndexOf("\"watched-", StringComparison.Ordinal);
            if (at >= 0 && sent.TryGetValue(line[(at + 1)..line.IndexOf('"', at + 1)], out var began))
            {
                waits.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                seen++;
            }
        }
    }

    private static async Task PostAsync(ApiClient api, string name, CancellationToken ct)
    {
        var body = $$$"""
            {"apiVersion":"perf.godwit.dev/v1","kind":"Gauge","metadata":{"name":"{{{name}}}","labels":{"app":"bench","tier":"perf"}},
             "spec":{"size":3,"mode":"slow","text":"{{{new string('x', 400)}}}","items":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}}
            """;
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await api.SendRawAsync(HttpMethod.Post, Gauge.CollectionPath("default"), content, ct: ct);
        await answer.Content.ReadAsByteArrayAsync(ct);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"the creation of {name} was answered with {answer.StatusCode}");
        }
    }

    private static double At(List<double> sorted, double part) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * part))];

    private static JsonObject DefinitionOfGauge() => (JsonObject)JsonNode.Parse("""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gauges.perf.godwit.dev"},
         "spec":{"group":"perf.godwit.dev","scope":"Namespaced","names":{"plural":"gauges","singular":"gauge","kind":"Gauge"},
          "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{
            "spec":{"type":"object","properties":{"size":{"type":"integer","minimum":1},"mode":{"type":"string","enum":["slow","fast"]},"text":{"type":"string"},
              "items":{"type":"array","items":{"type":"object","required":["key"],"properties":{"key":{"type":"string"},"value":{"type":"string"}}}}}},
            "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}}}]}}
        """)!;
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Perf.Api;

namespace Godwit.Perf;

/// <summary>
/// The API server alone, with objects of about 0.7 KB of a kind with a structural schema and a status: creations a second by 1, 8 and
/// 32 clients with a connection each, how long 100 watchers wait for what 20 creations a second bring, and the memory that 5,000
/// objects need. JSON over HTTP/2 and TLS; every creation is on disk before it is answered.
/// </summary>
internal static class ApiBench
{
    private const int WatcherCount = 100;

    // Those that only warm the watchers' process up, and all.
    private const int UncountedCreations = 40;
    private const int WatchedCreations = 240;
    private const int Objects = 5000;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
    private static readonly ResourceKind Definition = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false);
    private static readonly ResourceKind Gauge = new("perf.godwit.dev", "v1", "gauges", "Gauge", Namespaced: true);
    private static readonly string Collection = Gauge.CollectionPath("default");

    public static async Task RunAsync(TestCluster cluster, Report report, CancellationToken ct)
    {
        await cluster.Api.CreateAsync(Definition, DefinitionOfGauge(), ct: ct);
        while (true)
        {
            using var asked = await cluster.Api.SendRawAsync(HttpMethod.Get, Collection, ct: ct);
            if (asked.IsSuccessStatusCode)
            {
                break;
            }

            await Task.Delay(Pace, TimeProvider.System, ct);
        }

        using var credentials = new LeanCredentials(cluster.Kubeconfig);
        var made = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OnThread(() =>
        {
            using var connection = LeanConnection.Open(credentials);
            while (Interlocked.Increment(ref made) is var i && i <= Objects)
            {
                Post(connection, $"first-{i}");
            }
        })));
        report.Add($"RSS of the cluster with {Objects} objects", "MiB", Rss(cluster), 150);
        foreach (var clients in (int[])[1, 8, 32])
        {
            made += await CreateAsync(credentials, clients, made, report, ct);
        }

        await WatchAsync(cluster, credentials, report, ct);
        report.Add($"RSS of the cluster with {made + WatchedCreations} objects", "MiB", Rss(cluster));
    }

    private static double Rss(TestCluster cluster) => cluster.Processes().Where(p => p.Command.Contains("cluster", StringComparison.Ordinal)).Max(p => p.Rss);

    private static async Task<int> CreateAsync(LeanCredentials credentials, int clients, int from, Report report, CancellationToken ct)
    {
        var waits = new ConcurrentBag<double>();
        var next = from;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => OnThread(() =>
        {
            using var connection = LeanConnection.Open(credentials);
            while (Stopwatch.GetElapsedTime(began) < Span)
            {
                ct.ThrowIfCancellationRequested();
                var sent = Stopwatch.GetTimestamp();
                Post(connection, $"gauge-{Interlocked.Increment(ref next)}");
                waits.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }
        })));
        var sorted = waits.Order().ToList();
        report.Add($"creations a second, {clients} clients", "1/s", sorted.Count / Stopwatch.GetElapsedTime(began).TotalSeconds);
        report.Add($"… p50, {clients} clients", "ms", At(sorted, 0.5));
        report.Add($"… p99, {clients} clients", "ms", At(sorted, 0.99));
        return sorted.Count;
    }

    private static async Task WatchAsync(TestCluster cluster, LeanCredentials credentials, Report report, CancellationToken ct)
    {
        var revision = (await cluster.Api.ListPageAsync(Gauge, "default", MachineryJson.Default.JsonObject, new() { PageSize = 1 }, ct: ct)).ResourceVersion;
        var path = $"{Collection}?watch=true&resourceVersion={revision}";
        using var watchers = await Watchers.StartAsync(cluster.Kubeconfig, path, WatcherCount, WatchedCreations, ct);
        var sent = new Dictionary<string, long>(StringComparer.Ordinal);
        using (var connection = LeanConnection.Open(credentials))
        {
            using var pace = new PeriodicTimer(Pace);
            for (var i = 0; i < WatchedCreations; i++)
            {
                await pace.WaitForNextTickAsync(ct);
                var name = $"watched-{i}";
                if (i >= UncountedCreations)
                {
                    sent[name] = Stopwatch.GetTimestamp();
                }

                Post(connection, name);
            }
        }

        var sorted = (await Watchers.ReceiptsAsync(watchers, ct)).Where(r => sent.ContainsKey(r.Name))
            .Select(r => Stopwatch.GetElapsedTime(sent[r.Name], r.At).TotalMilliseconds).Order().ToList();
        report.Add($"{WatcherCount} watchers, sent to received, p50", "ms", At(sorted, 0.5), 4.7);
        report.Add($"{WatcherCount} watchers, sent to received, p90", "ms", At(sorted, 0.9));
        report.Add($"{WatcherCount} watchers, sent to received, p99", "ms", At(sorted, 0.99));
    }

    private static void Post(LeanConnection connection, string name)
    {
        var body = $$$"""
            {"apiVersion":"perf.godwit.dev/v1","kind":"Gauge","metadata":{"name":"{{{name}}}","labels":{"app":"bench","tier":"perf"}},
             "spec":{"size":3,"mode":"slow","text":"{{{new string('x', 400)}}}","items":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}}
            """;
        var answer = connection.Create(Collection, Encoding.UTF8.GetBytes(body));
        if (!answer.Contains("\"kind\":\"Gauge\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"the creation of {name} was answered with {answer}");
        }
    }

    // A client blocks its thread: nothing but the answer wakes it.
    private static Task OnThread(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

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

using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>An API server that loses power says nothing, and whoever is connected to it would wait for ever.</summary>
public sealed class DeadConnectionTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly string _kubeconfig = Path.GetTempFileName();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_kubeconfig);

    [Fact]
    public async Task Who_follows_over_a_connection_that_died_without_a_word_goes_on_over_another()
    {
        var ns = await cluster.NamespaceAsync();
        var server = new Uri((string)Yaml.Parse(await File.ReadAllTextAsync(cluster.Kubeconfig, Stop)).At("clusters")![0]!["cluster"]!["server"]!);
        await using var relay = new Relay(new DnsEndPoint(server.Host, server.Port));
        await File.WriteAllTextAsync(
            _kubeconfig, (await File.ReadAllTextAsync(cluster.Kubeconfig, Stop)).Replace(server.Authority, $"{server.Host}:{relay.Port}", StringComparison.Ordinal), Stop);
        using var api = ApiClient.Open(new ApiClientOptions { Kubeconfig = _kubeconfig, DeadAfter = TimeSpan.FromSeconds(2) });
        var seen = Channel.CreateUnbounded<string>();
        var informer = new Informer<JsonObject>(
                api, Kinds.ConfigMap, MachineryJson.Default.JsonObject, NullLogger.Instance, options: new InformerOptions { Namespace = ns })
            .OnChange(change => seen.Writer.TryWrite(change.Key.Name));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = informer.RunAsync(end.Token);
        await informer.WaitForSyncAsync(Stop).WaitAsync(Limit, Stop);
        await cluster.MustAsync($"create configmap before -n {ns}");
        await UntilAsync("before");
        var opened = relay.Opened;

        relay.GoDead();
        await cluster.MustAsync($"create configmap after -n {ns}");

        await UntilAsync("after");
        relay.Opened.ShouldBeGreaterThan(opened);
        await end.CancelAsync();
        await running;

        async Task UntilAsync(string name)
        {
            while (await seen.Reader.ReadAsync(Stop).AsTask().WaitAsync(Limit, Stop) != name)
            {
                // What the server keeps in every namespace.
            }
        }
    }
}

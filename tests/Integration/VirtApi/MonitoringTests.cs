using System.Net;
using Godwit.Machinery;
using Godwit.Monitoring;
using Godwit.Types;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Console;
using Godwit.VirtHandler.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>What virt-api and an agent tell, and the certificates by which they are known.</summary>
public sealed class MonitoringTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Virt_api_tells_its_metrics_on_its_own_port_to_whoever_asks()
    {
        using var scrape = new Scrape(cluster.Endpoint);
        var (code, text) = await scrape.GetAsync("metrics", Ct);
        code.ShouldBe(HttpStatusCode.OK);
        text.ShouldContain("kubevirt_virt_api_ready_status 1\n");
        text.ShouldContain("kubevirt_workqueue_adds_total{name=\"component-certificates\"}");
        text.ShouldContain("kubevirt_rest_client_requests_total{code=\"200\"");
        text.ShouldContain("process_resident_memory_bytes ");
        PeerTrust.Refusal(scrape.Certificate, await BundleAsync(), Consoles.CallerName, TimeProvider.System).ShouldBeNull();
    }

    [Fact]
    public async Task An_agent_says_where_it_tells_its_metrics_and_what_it_still_waits_for()
    {
        await cluster.CreateAsync("{apiVersion: v1, kind: Node, metadata: {name: told}}");
        var options = new VirtHandlerOptions { Node = "told" };
        var consoles = new ConsoleServer(cluster.Handler, options, NullLoggerFactory.Instance, NullLogger.Instance, TimeProvider.System);
        var monitoring = new HandlerMonitoring(
            options, cluster.Handler, new MetricRegistry(MonitoringNames.Prefix), () => consoles.Certificate, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(consoles.RunAsync(stop.Token), monitoring.RunAsync(stop.Token));
        var node = await cluster.UntilAsync(
            Kinds.Node,
            "told",
            static one => one.Annotations().ContainsKey(MonitoringNames.EndpointAnnotation) && one.Annotations().ContainsKey(Consoles.EndpointAnnotation),
            "does not say where its agent is",
            Ct);
        var endpoint = IPEndPoint.Parse(node.Annotations()[MonitoringNames.EndpointAnnotation]);
        endpoint.ToString().ShouldNotBe(node.Annotations()[Consoles.EndpointAnnotation]);

        using var scrape = new Scrape(endpoint);
        (await scrape.GetAsync("readyz", Ct)).ShouldBe((HttpStatusCode.ServiceUnavailable, "the node's QEMU is being looked at"));
        monitoring.Tell(null);
        (await scrape.GetAsync("readyz", Ct)).ShouldBe((HttpStatusCode.OK, "ok"));
        (await scrape.GetAsync("metrics", Ct)).Body.ShouldContain("kubevirt_virt_handler_ready_status 1\n");
        PeerTrust.Refusal(scrape.Certificate, await BundleAsync(), Consoles.HandlerName, TimeProvider.System).ShouldBeNull();
        // What only virt-api may ask is not to be had here.
        (await scrape.GetAsync("v1/namespaces/default/virtualmachineinstances/x/console", Ct)).Code.ShouldBe(HttpStatusCode.NotFound);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    [Fact]
    public async Task Virt_api_makes_virt_controllers_certificate_and_virt_controller_may_follow_it()
    {
        var certificate = new SecretCertificate(
            cluster.Controller, new(Installation.Namespace, MonitoringNames.ControllerSecret), NullLogger.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = certificate.RunAsync(stop.Token);
        await certificate.WaitAsync(Ct).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Ct);
        PeerTrust.Refusal(certificate.Current, await BundleAsync(), MonitoringNames.ControllerName, TimeProvider.System).ShouldBeNull();
        await stop.CancelAsync();
        await running;
    }

    private async Task<string> BundleAsync() =>
        (await cluster.Admin.GetAsync(Kinds.ConfigMap, new(Installation.Namespace, Consoles.TrustConfigMap), ct: Ct)).Text("data", Consoles.TrustKey)!;
}

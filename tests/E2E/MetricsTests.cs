using System.Globalization;
using System.Text.RegularExpressions;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>What Prometheus would read while a guest moves.</summary>
[Collection<FirstSide>]
public sealed class MetricsTests(ClusterFixture cluster)
{
    private const string Where = "e2e-metrics";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_source_tells_how_far_a_migration_is_and_virt_controller_how_it_ended()
    {
        cluster.RequireOwn();
        await using var guest = await Guest.StartAsync(cluster, Where);
        var source = await guest.NodeAsync();
        var controller = $"127.0.0.1:{cluster.State.ReadSettings().ShouldNotBeNull().MetricsPort}";
        string migration;
        await using (await Tunables.BandwidthAsync(cluster, "32Mi"))
        {
            migration = (await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, Ct)).Name();
            await guest.UntilAsync(migration, static m => m.At("status", "migrationState", "transfer", "transferredBytes") is not null);
            var labels = $"namespace=\"{Where}\",name=\"demo\",node=\"{source}\"";
            await UntilAsync(
                await AgentAsync(source),
                text => Value(text, $"kubevirt_vmi_migration_data_processed_bytes{{{labels}}}") > 0
                    && Value(text, $"kubevirt_vmi_migration_data_remaining_bytes{{{labels}}}") > 0
                    && Value(text, $"kubevirt_vmi_migration_data_bytes_total{{{labels}}}") >= 256 << 20);
            (await ReadAsync(await AgentAsync(cluster.Other(source)))).ShouldNotContain(Where, customMessage: "the target has nothing to tell of it");
            (await ReadAsync(controller)).ShouldContain("kubevirt_vmi_migrations_in_running_phase 1\n");
            (await guest.EndOfAsync(migration)).ShouldHaveSucceeded();
        }

        var told = await UntilAsync(
            controller, text => Value(text, $"kubevirt_vmi_migration_succeeded{{vmi=\"demo\",vmim=\"{migration}\",namespace=\"{Where}\"}}") == 1);
        Value(told, "godwit_migration_pause_seconds_count").ShouldBeGreaterThanOrEqualTo(1);
        told.ShouldContain($"kubevirt_vmi_info{{node=\"{cluster.Other(source)}\",namespace=\"{Where}\",name=\"demo\",phase=\"running\"");
        await UntilAsync(await AgentAsync(source), static text => !text.Contains(Where, StringComparison.Ordinal));
    }

    private async Task<string> AgentAsync(string node) =>
        (await cluster.Api.GetAsync(Kinds.Node, NamespacedName.Cluster(node), ct: Ct)).Annotations()[MonitoringNames.EndpointAnnotation];

    /// <summary>The agents write progress once a second, and caches follow: asked again, as Prometheus does.</summary>
    private static async Task<string> UntilAsync(string endpoint, Func<string, bool> wanted)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var text = await ReadAsync(endpoint);
            if (wanted(text))
            {
                return text;
            }

            deadline.IsCancellationRequested.ShouldBeFalse(text);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Ct);
        }
    }

    /// <summary>Without credentials, and without a look at the certificate.</summary>
    private static async Task<string> ReadAsync(string endpoint)
    {
#pragma warning disable MA0039 // Who scrapes within the cluster has no authority to hold the certificate against, as with KubeVirt's.
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
#pragma warning restore MA0039
        using var http = new HttpClient(handler);
        return await http.GetStringAsync(new Uri($"https://{endpoint}/metrics"), Ct);
    }

    private static double Value(string text, string series) =>
        Regex.Match(text, $"^{Regex.Escape(series)} (\\S+)$", RegexOptions.Multiline, TimeSpan.FromSeconds(5)) is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : double.NaN;
}

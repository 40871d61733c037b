using Godwit.Machinery;
using Godwit.Types;
using Godwit.Unit.Deploy;
using Godwit.Unit.Machinery;
using Godwit.VirtApi.Serving;
using Godwit.VirtController;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Monitoring;

/// <summary>docs/metrics.md lists what the components have, and nothing else.</summary>
public sealed class MetricsTableTests
{
    [Fact]
    public void The_table_in_the_docs_is_what_the_components_register()
    {
        var rows = Components()
            .SelectMany(static component => component.Registry.Families.Select(family => (component.Name, Family: family)))
            .GroupBy(static one => one.Family.Name, StringComparer.Ordinal)
            .OrderBy(static group => group.Key, StringComparer.Ordinal)
            .Select(static group => (group.First().Family, Where: group.Count() == 3 ? "all" : string.Join(", ", group.Select(static one => one.Name))))
            .Select(static row => $"| `{row.Family.Name}` | {row.Family.Kind.ToString().ToLowerInvariant()} | {string.Join(", ", row.Family.Labels)} | {row.Where} | {row.Family.Help} |")
            .ToList();
        var documented = File.ReadLines(Path.Combine(ComponentRolesTests.Folder(), "..", "docs", "metrics.md"))
            .Where(static line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();
        documented.ShouldBe(rows, $"the table of docs/metrics.md is to be\n{string.Join('\n', rows)}\n");
    }

    [Fact]
    public void Names_are_KubeVirts_Prometheus_own_or_begin_with_ours() => Components()
        .SelectMany(static component => component.Registry.Families)
        .ShouldAllBe(static family => family.Name.StartsWith("kubevirt_", StringComparison.Ordinal)
            || family.Name.StartsWith("godwit_", StringComparison.Ordinal) || family.Name.StartsWith("process_", StringComparison.Ordinal));

    private static IEnumerable<(string Name, MetricRegistry Registry)> Components()
    {
        var api = Registry();
        ApiMetrics.Register(api.Metrics!);
        yield return ("virt-api", api.Metrics!);

        var controller = Registry();
        _ = new ControllerMonitoring(controller.Metrics!, TimeProvider.System);
        yield return ("virt-controller", controller.Metrics!);

        var handler = Registry();
        _ = new HandlerMetrics(handler.Metrics!, "node01");
        _ = new HandlerMonitoring(
            new VirtHandlerOptions { Node = "node01" }, handler, handler.Metrics!, static () => null, NullLoggerFactory.Instance, TimeProvider.System);
        yield return ("virt-handler", handler.Metrics!);
    }

    /// <summary>A client and a queue count in each of them.</summary>
    private static ApiClient Registry()
    {
        var registry = new MetricRegistry(MonitoringNames.Prefix);
        _ = new ControllerRunner("any", static (_, _) => Task.FromResult(Result.Done), NullLogger.Instance, options: new() { Metrics = registry });
        return new FakeApi(static _ => FakeApi.Refuse(404, "NotFound")).Client(options: new ApiClientOptions { Metrics = registry });
    }
}

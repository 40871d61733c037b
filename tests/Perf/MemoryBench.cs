using System.Globalization;

namespace Godwit.Perf;

/// <summary>
/// What the caches of thousands of VMIs take: the delivered programs in processes of their own, on a cluster that is only played. One
/// run of a garbage collector more or less is many MiB, so each is started several times, in turn with those of another build if one
/// is given, and medians count.
/// </summary>
internal static class MemoryBench
{
    private const int Vmis = 5000;
    private const int VmisPerNode = 10;
    private const int Rounds = 5;
    private const string Empty = "empty";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    public static async Task RunAsync(BenchOptions options, Report report, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        var token = patience.Token;
        var size = options.Vmis ?? Vmis;
        await using var cluster = new QueueCluster(size / VmisPerNode);
        await cluster.StartAsync(options.Manifests, token);
        await QueueCluster.ForEachAsync(size, i => Seed.GuestAsync(cluster.Api, string.Create(CultureInfo.InvariantCulture, $"vm-{i}"), cluster.Node(i), token));
        await cluster.AddNodeAsync(Empty, token);
        using var controllers = new RequestCounter("virt-controller");
        using var handlers = new RequestCounter("virt-handler");
        (string Name, string Bin)[] builds = options.Beside is { } beside ? [("", options.Bin), (", beside", beside)] : [("", options.Bin)];
        for (var round = 0; round < (options.Runs ?? Rounds); round++)
        {
            foreach (var (name, bin) in builds)
            {
                await using (var controller = RoleProcess.Controller(bin, cluster.Kubeconfig, controllers))
                {
                    await TakeAsync(controller, $"virt-controller with {size} VMIs{name}", 200, report, token);
                }

                var folder = Directory.CreateTempSubdirectory("godwit-memory-");
                try
                {
                    await using var handler = RoleProcess.Handler(bin, cluster.Kubeconfig, handlers, Empty, folder.FullName);
                    await TakeAsync(handler, $"virt-handler of an empty node among {size} VMIs{name}", 120, report, token);
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            }
        }
    }

    private static async Task TakeAsync(RoleProcess process, string what, double aim, Report report, CancellationToken ct)
    {
        await process.QuietAsync(ct);
        report.Add($"memory: RSS of {what}", "MiB", process.Rss, aim);
        report.Add($"memory: … its own alone, {what}", "MiB", process.OwnRss);
        report.Add($"memory: … peak, {what}", "MiB", process.PeakRss);
        report.Add($"memory: … CPU until it was quiet, {what}", "s", process.CpuSeconds);
    }
}

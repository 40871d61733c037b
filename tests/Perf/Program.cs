using System.Runtime.InteropServices;
using System.Text.Json;
using Godwit.Perf;
using Godwit.Perf.Api;
using Godwit.Perf.Peers;

if (args is [Watchers.Word, .. var rest])
{
    return Watchers.Run(rest);
}

// Measures what docs/performance.md says, in one run, and prints tables; every single value goes into artifacts/perf/.
var options = BenchOptions.Parse(args);
if (options is null)
{
    Console.Error.WriteLine("usage: bench [peers|rules|scale|memory|footprint|moves|forwarding|drain|api] [quick] [--json] [--runs N] [--hops N] [--queued N] [--vmis N] [--keep] [--bin DIR] [--beside DIR]   (as root; DIR holds the published programs; rules needs none, scale and memory only godwitd)");
    return 2;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    // Everything that was started is ended before this program is.
    context.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
var report = new Report();
var peers = new PeerReport();
string? broken = null;
await using (var cluster = new TestCluster(options))
{
    try
    {
        await Bench.RunAsync(options, cluster, report, peers, stop.Token);
    }
    catch (OperationCanceledException)
    {
        broken = stop.IsCancellationRequested ? "interrupted: figures are incomplete" : "broke off: what was waited for did not come in time";
    }
    catch (Exception e) when (stop.IsCancellationRequested)
    {
        broken = $"interrupted: figures are incomplete ({e.Message})";
    }
    catch (Exception e)
    {
        // What was measured up to here is true all the same.
        broken = $"broke off: {e.Message}";
    }
}

if (broken is not null)
{
    report.Note(broken);
    await Console.Error.WriteLineAsync(broken);
}

if (options.Json)
{
    var shown = peers.ToJson(values: false);
    shown["forwarding"] = ForwardingBench.ToJson(report);
    Console.WriteLine(shown.ToJsonString());
}
else
{
    report.Print(Console.Out);
    peers.Print(Console.Out);
}

var whole = report.ToJson();
whole["peers"] = peers.ToJson(values: true);
var file = Path.Combine(options.Output, "perf.json");
Directory.CreateDirectory(options.Output);
await File.WriteAllTextAsync(file, whole.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
await Console.Error.WriteLineAsync($"every single value: {file}");
return broken is null ? 0 : 1;

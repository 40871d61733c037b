using System.Text.Json;
using Godwit.Perf;

// bench [rules|moves|drain|api] [quick] [--hops N] [--queued N] [--keep]: measures what README says, in one run, and prints a table; JSON into artifacts/perf/.
var options = BenchOptions.Parse(args);
if (options is null)
{
    Console.Error.WriteLine("usage: bench [rules|moves|drain|api] [quick] [--hops N] [--queued N] [--keep] [--bin DIR]   (as root; DIR holds the published programs; rules needs none)");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
var report = new Report();
await using (var cluster = new TestCluster(options))
{
    try
    {
        await Bench.RunAsync(options, cluster, report, stop.Token);
    }
    catch (Exception e) when (e is InvalidOperationException or Godwit.Qemu.QmpException or Godwit.Qemu.QmpUnavailableException or Godwit.Machinery.ApiException)
    {
        // What was measured up to here is true all the same.
        report.Note($"broke off: {e.Message}");
    }
    catch (OperationCanceledException)
    {
        report.Note(stop.IsCancellationRequested ? "interrupted: figures are incomplete" : "broke off: what was waited for did not come in time");
    }
}

report.Print(Console.Out);
var file = Path.Combine(options.Output, "perf.json");
Directory.CreateDirectory(options.Output);
await File.WriteAllTextAsync(file, report.ToJson().ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
Console.WriteLine($"\n{file}");
return 0;

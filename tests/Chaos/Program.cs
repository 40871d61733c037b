using System.Runtime.InteropServices;
using Godwit.Chaos;
using Godwit.Cli;
using Godwit.Machinery;
using Shouldly;

// chaos [MINUTES] [--seed N] [--only FAULT] [--break RULE]: real guests move without pause while things go wrong. As root; ends with one line
// of counts. With a rule of the switchover broken it succeeds when that was noticed.
if (args is [BrokenAgent.Verb, var rules, ..])
{
    return await BrokenAgent.RunAsync(rules, args[2..]);
}

var options = ChaosOptions.Parse(args);
if (options is null)
{
    Console.Error.WriteLine("usage: chaos [MINUTES] [--seed N] [--only FAULT] [--break self-start|no-swap|ignore-abort]   (as root; 10 minutes unless told)");
    return 2;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    // The cluster is ended before this program is.
    context.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var report = new ChaosReport(options, Console.Out);
Console.WriteLine($"seed {options.Seed}, {options.Length.TotalMinutes:0.#} minutes");
await using (var cluster = new ChaosCluster(options.Break))
{
    await cluster.InitializeAsync();
    try
    {
        await new ChaosRun(options, cluster, report).RunAsync(stop.Token);
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        Console.WriteLine("interrupted");
    }
    catch (Exception e) when (e is CliException or ApiException or ShouldAssertException or TimeoutException or OperationCanceledException)
    {
        // What was seen up to here counts all the same.
        report.AtTheEnd([new Violation(ViolationKind.Stuck, $"the run broke off: {e.Message}")]);
    }
}

await report.CloseAsync();
if (options.Break is { } broken)
{
    Console.WriteLine($"broken on purpose: {broken}: {(report.IsClean ? "NOT noticed" : "noticed")}");
}

return report.IsClean == options.Break is null ? 0 : 1;

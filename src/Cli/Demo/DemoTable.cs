using System.Text;
using Godwit.Cli.Output;

namespace Godwit.Cli.Demo;

/// <summary>The demo's result for people.</summary>
public static class DemoTable
{
    public static string Render(DemoReport report)
    {
        var table = new Columns("VMI", "FROM", "TO", "METHOD", "MODE", "OUTCOME", "TOTAL", "PAUSE", "GUEST-PAUSE", "SENT", "RATE");
        foreach (var m in report.Migrations)
        {
            table.Add(
                m.Vmi, m.From, m.To, m.Method, m.Mode, m.Succeeded ? "Succeeded" : "Failed", Figures.Duration(m.TotalMs),
                $"{m.PauseMs:0.0} ms", $"{m.GuestPauseMs:0} ms", Figures.Bytes(m.Bytes), $"{m.RateMiBps:0.0} MiB/s");
        }

        var guest = report.Guest;
        return new StringBuilder()
            .AppendLine(table.ToString())
            .AppendLine($"guest    {guest.Ticks} ticks, {guest.LostTicks} lost; {guest.MemoryErrors} memory errors, {guest.DiskErrors} disk errors")
            .AppendLine($"client   {guest.Echoes} echoes over fresh connections, {guest.EchoErrors} unanswered, the longest took {guest.LongestEchoMs:0} ms")
            .AppendLine($"client   {guest.KeptConnections} of 1 connection kept open through all moves, {guest.KeptConnectionErrors} errors")
            .AppendLine($"machine  QEMU {report.Qemu}, accelerator {report.Accelerator}; guest answered {Figures.Duration(report.SetupMs)} after the start")
            .ToString();
    }
}

namespace Godwit.Cli.Demo;

/// <summary>Decides whether the demo went well, and what did not.</summary>
public static class DemoVerdict
{
    /// <summary>Echoes that a demo must at least have seen answered to say anything.</summary>
    public const int LeastEchoes = 100;

    /// <summary>Everything that was not as it must be; empty when all is well.</summary>
    public static IReadOnlyList<string> Problems(DemoReport report, int moves, GuestConsole console)
    {
        var problems = new List<string>();
        var guest = report.Guest;
        Check(report.Migrations.Count(static m => m.Succeeded) == moves, $"{report.Migrations.Count(static m => m.Succeeded)} of {moves} migrations succeeded");
        Check(guest.Ticks > 0, "the guest printed no tick");
        Check(guest.LostTicks == 0, $"{guest.LostTicks} ticks were lost: {string.Join("; ", console.Holes.Take(3))}");
        Check(console.RepeatedTicks == 0, $"{console.RepeatedTicks} ticks came twice: two copies of the guest ran");
        Check(guest.MemoryErrors == 0, $"{guest.MemoryErrors} words of memory were not what the guest had written");
        Check(guest.DiskErrors == 0, $"{guest.DiskErrors} disk blocks were not what the guest had written");
        Check(guest.EchoErrors == 0, $"{guest.EchoErrors} echoes stayed unanswered for two seconds");
        Check(guest.Echoes > LeastEchoes, $"only {guest.Echoes} echoes were answered");
        Check(guest.KeptConnections == 1, "the connection that was opened before the first move did not live through all of them");
        Check(guest.KeptConnectionErrors == 0, $"{guest.KeptConnectionErrors} records on the connection that was kept open did not come back as they were sent");
        problems.AddRange(console.Crashes.Take(3).Select(static line => $"the guest's kernel says: {line}"));
        return problems;

        void Check(bool well, string problem)
        {
            if (!well)
            {
                problems.Add(problem);
            }
        }
    }
}

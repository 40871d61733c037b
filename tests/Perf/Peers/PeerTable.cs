using System.Globalization;

namespace Godwit.Perf.Peers;

/// <summary>The three columns as a person reads them, with Godwit's distance from each of the others.</summary>
internal static class PeerTable
{
    private const double PauseAimMs = 5;
    private const double TotalAimMs = 500;
    private const double RateAim = 0.97;

    public static void Print(IReadOnlyList<CaseResult> results, TextWriter to)
    {
        foreach (var result in results)
        {
            to.WriteLine();
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Case.Name}   (medians of {result.Columns.Min(static c => c.Moves.Count)} moves each, in turn)"));
            to.WriteLine($"  {"",-26} {"bare QMP",10} {"Godwit",10} {"virsh",10}   {"G/bare",7} {"G/virsh",8}");
            foreach (var (name, unit, read) in CaseResult.Figures)
            {
                var (bare, godwit, virsh) = (result.Median("bare", read), result.Median("godwit", read), result.Median("virsh", read));
                to.WriteLine($"  {Words(name) + (unit.Length > 0 ? ", " + unit : ""),-26} {Text(bare),10} {Text(godwit),10} {Text(virsh),10}   {Ratio(godwit, bare),7} {Ratio(godwit, virsh),8}");
            }

            foreach (var missed in Missed(result))
            {
                to.WriteLine($"  aim missed: {missed}");
            }
        }
    }

    /// <summary>Pause and total against bare QMP and virsh, rate against bare QMP; the medians as they are.</summary>
    public static IEnumerable<string> Missed(CaseResult result)
    {
        var (pause, total, rate) = (Of(static m => m.PauseMs), Of(static m => m.TotalMs), Of(static m => m.MiBPerSecond));
        if (pause.Godwit > pause.Bare + PauseAimMs)
        {
            yield return Line($"pause is {pause.Godwit - pause.Bare:0.0} ms above bare QMP's, {PauseAimMs:0} allowed");
        }

        if (pause.Godwit > pause.Virsh)
        {
            yield return Line($"pause is {pause.Godwit - pause.Virsh:0.0} ms above virsh's");
        }

        if (total.Godwit > total.Bare + TotalAimMs)
        {
            yield return Line($"total is {total.Godwit - total.Bare:0} ms above bare QMP's, {TotalAimMs:0} allowed");
        }

        if (total.Godwit > total.Virsh)
        {
            yield return Line($"total is {total.Godwit - total.Virsh:0} ms above virsh's");
        }

        if (rate.Godwit < rate.Bare * RateAim)
        {
            yield return Line($"rate is {100 * rate.Godwit / rate.Bare:0} % of bare QMP's, {100 * RateAim:0} wanted");
        }

        (double? Bare, double? Godwit, double? Virsh) Of(Func<PeerMove, double?> read) =>
            (result.Median("bare", read), result.Median("godwit", read), result.Median("virsh", read));
    }

    private static string Words(string name) => name switch
    {
        "totalMs" => "total",
        "pauseMs" => "pause, STOP to RESUME",
        "guestPauseMs" => "pause, by the guest",
        "sentMiB" => "sent",
        "rateMiBps" => "rate",
        "ownCpuSecondsPerGiB" => "CPU of the driver",
        "qemuCpuSecondsPerGiB" => "CPU of both QEMUs",
        _ => name,
    };

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Text(double? value) => value is { } v ? v.ToString(v < 10 ? "0.00" : v < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) : "-";

    private static string Ratio(double? a, double? b) => a is { } x && b is > 0 and { } y ? (x / y).ToString("0.00", CultureInfo.InvariantCulture) : "";
}

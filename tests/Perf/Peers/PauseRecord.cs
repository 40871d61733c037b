using System.Globalization;
using System.Text.RegularExpressions;

namespace Godwit.Perf.Peers;

/// <summary>Where one pause of Godwit's went, as the source's agent logged it. Milliseconds.</summary>
/// <param name="Copy">Memory flowed before the guest stood still.</param>
/// <param name="LastLook">QEMU's last look at the memory.</param>
/// <param name="Disks">The end of the disk copies; and where there are none, the word to go on.</param>
/// <param name="Rest">The rest of memory and devices.</param>
/// <param name="Commit">The commit of the ownership until the source has its answer; the target may run before that.</param>
/// <param name="Swap">All of the hand-over, which a driver that asks nobody would not need: QEMU done at the source to the guest running at the target.</param>
internal sealed partial record PauseRecord(double Copy, double LastLook, double Disks, double Rest, double Commit, double Swap)
{
    /// <summary>QEMU was sending: from <c>active</c> to <c>completed</c>.</summary>
    public double FlowMs => Copy + LastLook + Disks + Rest;

    /// <summary>Reads the agent's line about the commit.</summary>
    public static PauseRecord Parse(string line, double pauseMs)
    {
        var match = Parts().Match(line);
        if (!match.Success)
        {
            throw new InvalidOperationException($"the agent's words about a pause are not understood: {line}");
        }

        var (look, disks, rest, commit) = (Of("look"), Of("disks"), Of("rest"), Of("commit"));
        return new(Of("copy"), look, disks, rest, commit, pauseMs - look - disks - rest);

        double Of(string part) => double.Parse(match.Groups[part].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(
        @"(?<look>[0-9.]+) ms last look, (?<disks>[0-9.]+) ms disks, (?<rest>[0-9.]+) ms rest of memory and devices, (?<commit>[0-9.]+) ms commit, after (?<copy>[0-9.]+) ms of sending",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parts();
}

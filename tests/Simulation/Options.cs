using System.Globalization;

namespace Godwit.Simulation;

/// <summary>The command line.</summary>
internal sealed record Options
{
    public const string Usage =
        """
        usage: simulation [--seed N] [--hours N] [--jobs N]     searches: whole clusters in virtual time, each from a seed of its own
               simulation --seed N --episode                    one episode, with its trace on the standard output
               simulation --script FILE                         the same for a script
               simulation --check                               the simulation itself: regressions, the same run twice, broken protocols
               simulation --break NAME ...                      with the protocol broken: self-start, no-swap, ignore-abort
        without arguments: --check, then 2,000 hours from seed 1
        """;

    public ulong Seed { get; init; } = 1;

    public double Hours { get; init; } = 10_000;

    public int Jobs { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 4);

    public bool Episode { get; init; }

    public bool Check { get; init; }

    public bool Search { get; init; }

    public string? Script { get; init; }

    public string? Break { get; init; }

    /// <summary>This process is one of several that search; which of them.</summary>
    public int? Share { get; init; }

    /// <summary>Null: the arguments make no sense.</summary>
    public static Options? Parse(string[] args)
    {
        var options = new Options { Check = args.Length == 0, Search = true };
        for (var i = 0; i < args.Length; i++)
        {
            var value = args.ElementAtOrDefault(i + 1) ?? "";
            switch (args[i])
            {
                case "--seed" when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seed):
                    options = options with { Seed = seed };
                    i++;
                    break;
                case "--hours" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var hours):
                    options = options with { Hours = hours };
                    i++;
                    break;
                case "--jobs" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var jobs) && jobs > 0:
                    options = options with { Jobs = jobs };
                    i++;
                    break;
                case "--share" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var share):
                    options = options with { Share = share };
                    i++;
                    break;
                case "--script" when value.Length > 0:
                    options = options with { Script = value, Search = false };
                    i++;
                    break;
                case "--break" when Broken.All.ContainsKey(value):
                    options = options with { Break = value };
                    i++;
                    break;
                case "--episode":
                    options = options with { Episode = true, Search = false };
                    break;
                case "--check":
                    options = options with { Check = true, Search = false };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}

using System.Globalization;

namespace Godwit.Chaos;

/// <summary>How long to go on, and with which luck.</summary>
internal sealed record ChaosOptions
{
    /// <summary>No round begins later.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Decides which fault comes when. What the processes then make of it is not decided by it.</summary>
    public int Seed { get; init; } = Environment.TickCount & 0xffff;

    /// <summary>Faults of this name only; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>The rule of the switchover that is broken; null: none.</summary>
    public string? Break { get; init; }

    /// <summary>For the report and the logs of the cluster's processes.</summary>
    public static string Folder { get; } = Path.GetFullPath("artifacts/chaos");

    /// <summary>Null when the words make no sense.</summary>
    public static ChaosOptions? Parse(string[] words)
    {
        var options = new ChaosOptions();
        for (var i = 0; i < words.Length; i++)
        {
            var value = i + 1 < words.Length ? words[i + 1] : "";
            switch (words[i])
            {
                case "--seed" when int.TryParse(value, CultureInfo.InvariantCulture, out var seed):
                    options = options with { Seed = seed };
                    i++;
                    break;
                case "--only" when value.Length > 0:
                    options = options with { Only = value };
                    i++;
                    break;
                case "--break" when BrokenAgent.Rules.Contains(value):
                    options = options with { Break = value };
                    i++;
                    break;
                case var word when double.TryParse(word, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and <= 24 * 60:
                    options = options with { Length = TimeSpan.FromMinutes(minutes) };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}

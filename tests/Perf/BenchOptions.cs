using System.Globalization;

namespace Godwit.Perf;

/// <summary>What to measure, and with what.</summary>
internal sealed record BenchOptions
{
    /// <summary>Measurements of this name only; null: all of them.</summary>
    public string? Only { get; init; }

    /// <summary>Moves of each kind that count; one more goes before them, for warmth, and is reported apart.</summary>
    public int Hops { get; init; } = 10;

    /// <summary>Moves of each driver in each case of the comparison, and starts of each build where memory is measured; null: three in the quick one, five in the whole.</summary>
    public int? Runs { get; init; }

    /// <summary>A part of everything, in a few minutes; alone it means the comparison with bare QMP and virsh, and moves with and without forwarding.</summary>
    public bool Quick { get; init; }

    /// <summary>One JSON object is all that goes to standard output.</summary>
    public bool Json { get; init; }

    public int Objects { get; init; } = 1000;

    /// <summary>Leaves the cluster running afterwards.</summary>
    public bool Keep { get; init; }

    public string Bin { get; init; } = Path.GetFullPath("artifacts/godwit");

    /// <summary>Programs of another build, to be measured in turn with these; null for none.</summary>
    public string? Beside { get; init; }

    /// <summary>Migrations that are queued at once.</summary>
    public int Queued { get; init; } = 1500;

    /// <summary>The one size of the played cluster that is measured; null: three, each ten times the one before.</summary>
    public int? Vmis { get; init; }

    public string Manifests { get; init; } = Path.GetFullPath("deploy");

    public string Output { get; init; } = Path.GetFullPath("artifacts/perf");

    public bool Wants(string name) => Only is null ? !Quick || name is "peers" or "forwarding" : Only == name;

    /// <summary>Null when the words make no sense.</summary>
    public static BenchOptions? Parse(string[] words)
    {
        var options = new BenchOptions();
        for (var i = 0; i < words.Length; i++)
        {
            var value = i + 1 < words.Length ? words[i + 1] : "";
            switch (words[i])
            {
                case "quick":
                    options = options with { Hops = 4, Quick = true };
                    break;
                case "--json":
                    options = options with { Json = true };
                    break;
                case "--runs" when int.TryParse(value, CultureInfo.InvariantCulture, out var runs) && runs > 0:
                    options = options with { Runs = runs };
                    i++;
                    break;
                case "rules" or "moves" or "drain" or "api" or "peers" or "footprint" or "scale" or "memory" or "forwarding":
                    options = options with { Only = words[i] };
                    break;
                case "--queued" when int.TryParse(value, CultureInfo.InvariantCulture, out var queued) && queued > 0:
                    options = options with { Queued = queued };
                    i++;
                    break;
                case "--vmis" when int.TryParse(value, CultureInfo.InvariantCulture, out var vmis) && vmis >= 20:
                    options = options with { Vmis = vmis };
                    i++;
                    break;
                case "--keep":
                    options = options with { Keep = true };
                    break;
                case "--hops" when int.TryParse(value, CultureInfo.InvariantCulture, out var hops) && hops > 0:
                    options = options with { Hops = hops };
                    i++;
                    break;
                case "--bin" when value.Length > 0:
                    options = options with { Bin = Path.GetFullPath(value) };
                    i++;
                    break;
                case "--beside" when value.Length > 0:
                    options = options with { Beside = Path.GetFullPath(value) };
                    i++;
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}

namespace Godwit.Qemu;

/// <summary>Which CPU a guest gets. Only named models: <c>max</c> and <c>host</c> mean something else on the next host.</summary>
public static class CpuModels
{
    /// <summary>
    /// The model of a guest that asks for none. It is x86-64-v2 with AES, QEMU 10 emulates all of it, and every Intel CPU
    /// since 2010 and AMD CPU since 2013 has it.
    /// </summary>
    public const string Default = "Westmere";

    private static readonly string[] Fallbacks = [Default, "Nehalem", "Penryn", "qemu64"];

    /// <summary>The default model on a host that can run <paramref name="usable"/>.</summary>
    public static string Choose(IReadOnlyCollection<string> usable) =>
        Fallbacks.FirstOrDefault(usable.Contains) ?? Fallbacks[^1];

    /// <summary>The models that run here as they are, and that keep their meaning on another host.</summary>
    public static IReadOnlyList<string> Usable(IEnumerable<CpuModelInfo> definitions) =>
        [.. definitions.Where(d => d.MigrationSafe && d.UnavailableFeatures.Length == 0).Select(d => d.Name).Order(StringComparer.Ordinal)];

    /// <summary>Null when <paramref name="model"/> may be recorded as a guest's CPU, else the reason.</summary>
    public static string? WhyNot(string model, IReadOnlyCollection<string> usable) => model switch
    {
        "host" or "max" or "host-model" or "host-passthrough" =>
            $"CPU model {model} is not a fixed set of features, so a guest with it could not move; name a model",
        _ when !usable.Contains(model) => $"CPU model {model} is not offered by this host's accelerator",
        _ => null,
    };
}

using System.Globalization;
using System.Text.Json;
using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>
/// Rules for <c>spec.experimental</c> of a migration policy, which are KubeVirt's (migrationpolicy-admitter.go): each option has
/// its feature gate, needed to set or change it but not to keep it.
/// </summary>
internal static class ExperimentalValidation
{
    private const string Path = "spec.experimental";
    private const string StallDetector = "stallDetector";
    private const string DowntimeTuning = "downtimeTuning";
    private const int Decimals = 3;

    public static void Options(JsonElement? old, JsonElement options, DeveloperConfiguration? developer, Errors errors)
    {
        var detector = Option(options, StallDetector);
        Gated(DowntimeTuning, FeatureGates.MigrationDowntimeTuning, old, options, developer, errors);
        if (detector is not null && Option(options, DowntimeTuning) is not null)
        {
            errors.Add(
                Path,
                "experimental.stallDetector and experimental.downtimeTuning are mutually exclusive; the stall detection path manages its own downtime schedule",
                "Keep one of them.");
        }

        Gated(StallDetector, FeatureGates.MigrationStallDetection, old, options, developer, errors);
        if (detector is { } stall)
        {
            Factor(stall, "ewmaAlpha", 0, 1, above: true, errors);
            Factor(stall, "precopyPossibleFactor", 1, null, above: false, errors);
            Factor(stall, "patienceWindowDecayFactor", 0, 1, above: false, errors);
            Factor(stall, "completionTimeoutFactor", 1, null, above: false, errors);
        }
    }

    private static JsonElement? Option(JsonElement? options, string name) =>
        options is { ValueKind: JsonValueKind.Object } present
        && present.TryGetProperty(name, out var option) && option.ValueKind == JsonValueKind.Object
            ? option
            : null;

    private static void Gated(
        string name, string gate, JsonElement? old, JsonElement options, DeveloperConfiguration? developer, Errors errors)
    {
        if (Option(options, name) is not { } option
            || FeatureGates.IsOn(gate, developer)
            || (Option(old, name) is { } before && JsonElement.DeepEquals(before, option)))
        {
            return;
        }

        errors.Add(
            $"{Path}.{name}",
            $"experimental.{name} cannot be modified without enabling the {gate} feature gate",
            $"Add {gate} to developerConfiguration.featureGates of the KubeVirt resource.");
    }

    /// <summary>A number written as a quantity, so that <c>0.5</c> and <c>500m</c> are the same.</summary>
    private static void Factor(JsonElement detector, string name, long min, long? max, bool above, Errors errors)
    {
        if (!detector.TryGetProperty(name, out var element) || element.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        var field = $"{Path}.{StallDetector}.{name}";
        var text = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
        var remedy = string.Create(
            CultureInfo.InvariantCulture, $"Write a number {(above ? "above" : "from")} {min}{(max is null ? "" : $" up to {max}")} with at most {Decimals} decimals.");
        if (!Quantity.TryParse(text, out var quantity))
        {
            errors.Add(field, $"invalid scalar \"{text}\"", remedy);
        }
        else if (quantity.Sign < 0)
        {
            errors.Add(field, $"invalid scalar \"{text}\": must not be negative", remedy);
        }
        else if (quantity.CompareTo(Quantity.FromMilli(quantity.MilliValue)) != 0)
        {
            errors.Add(field, $"invalid scalar \"{text}\": must have at most {Decimals} decimal places", remedy);
        }
        else if (above && quantity.MilliValue <= min * 1000)
        {
            errors.Add(field, $"must be greater than {min}", remedy);
        }
        else if (quantity.MilliValue < min * 1000)
        {
            errors.Add(field, $"must be greater than or equal to {min}", remedy);
        }
        else if (quantity.MilliValue > max * 1000)
        {
            errors.Add(field, $"must be less than or equal to {max}", remedy);
        }
    }
}

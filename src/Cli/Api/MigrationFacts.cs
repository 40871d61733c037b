using System.Text.Json.Nodes;
using Godwit.Cli.Output;
using Godwit.Machinery;

namespace Godwit.Cli.Api;

/// <summary>What a VMIM says of its migration, as measured by those who did it.</summary>
public sealed record MigrationFacts
{
    public required string Name { get; init; }

    public required string Phase { get; init; }

    public required string Vmi { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string Mode { get; init; } = "";

    public bool Succeeded => Phase == Types.MigrationPhases.Succeeded;

    public string? Failure { get; init; }

    public string? AbortStatus { get; init; }

    public DateTimeOffset? Start { get; init; }

    public DateTimeOffset? End { get; init; }

    public DateTimeOffset? Paused { get; init; }

    public DateTimeOffset? Resumed { get; init; }

    public double? PauseMs { get; init; }

    public long? Bytes { get; init; }

    public int? Percent { get; init; }

    public string? Rate { get; init; }

    public string? Eta { get; init; }

    public static MigrationFacts Of(JsonObject migration)
    {
        var state = migration.At("status", "migrationState");
        var summary = migration.At("status", "summary");
        return new()
        {
            Name = migration.Name(),
            Phase = migration.Text("status", "phase") ?? "",
            Vmi = migration.Text("spec", "vmiName") ?? "",
            From = state.Text("sourceNode") ?? summary.Text("source"),
            To = state.Text("targetNode") ?? summary.Text("target"),
            Mode = state.Text("mode") ?? "",
            Failure = state.Text("failureReason"),
            AbortStatus = state.Text("abortStatus"),
            Start = Time(state, "startTimestamp"),
            End = Time(state, "endTimestamp"),
            Paused = Time(state, "pauseTimestamp"),
            Resumed = Time(state, "resumeTimestamp"),
            PauseMs = Number(state.At("pauseMs")),
            Bytes = state.Integer("transfer", "transferredBytes"),
            RateBytesPerSecond = state.Integer("transfer", "rateBytesPerSecond"),
            Percent = (int?)state.Integer("transfer", "percent"),
            Rate = summary.Text("rate"),
            Eta = summary.Text("eta"),
        };
    }

    /// <summary>The rate that was measured last.</summary>
    public long? RateBytesPerSecond { get; init; }

    /// <summary>One line for people.</summary>
    public string Describe()
    {
        var way = From is null ? "" : To is null ? $"  from {From}" : $"  {From} → {To}";
        var parts = new[]
        {
            Percent is { } percent ? $"{percent}%" : "",
            string.IsNullOrEmpty(Rate) ? "" : Rate,
            string.IsNullOrEmpty(Eta) || Succeeded ? "" : $"{Eta} left",
            PauseMs is { } pause ? $"pause {Figures.Duration(pause)}" : "",
            Failure ?? "",
        };
        return $"{(Phase.Length == 0 ? "Created" : Phase)}{way}  {string.Join("  ", parts.Where(static p => p.Length > 0))}".TrimEnd();
    }

    private static DateTimeOffset? Time(JsonNode? state, string field) =>
        DateTimeOffset.TryParse(state.Text(field), out var time) ? time : null;

    private static double? Number(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.Number ? value.GetValue<double>() : null;
}

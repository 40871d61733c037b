using Godwit.Types;

namespace Godwit.Tests.E2E.Eviction;

/// <summary>
/// One row of KubeVirt's matrix of eviction strategies (pkg/virt-api/webhooks/validating-webhook/admitters/pod-eviction-admitter.go and
/// pkg/virt-controller/watch/drain/evacuation): a guest, what an eviction of its pod is answered, and whether the drain taint moves it.
/// </summary>
/// <param name="Guest">Name of the guest.</param>
/// <param name="Strategy">Its evictionStrategy; null: none is set.</param>
/// <param name="Migratable">Whether it can be moved; else its disk is on a claim that one node may mount.</param>
/// <param name="Refusal">What the eviction is refused with; null: it passes and the pod goes.</param>
/// <param name="Moves">Whether the drain taint and a refused eviction move it.</param>
internal sealed record StrategyRow(string Guest, string? Strategy, bool Migratable, string? Refusal, bool Moves)
{
    private const string Triggered = "Eviction triggered evacuation of VMI \"" + Namespace + "/";

    /// <summary>Where the guests are.</summary>
    public const string Namespace = "e2e-strategies";

    /// <summary>The whole matrix; the last one is made while the cluster's own strategy is LiveMigrate.</summary>
    public static IReadOnlyList<StrategyRow> All { get; } =
    [
        new("unset", null, true, null, false),
        new("none", EvictionStrategies.None, true, null, false),
        new("live", EvictionStrategies.LiveMigrate, true, Triggered + "live\"", true),
        new("live-pinned", EvictionStrategies.LiveMigrate, false, "VMI live-pinned is configured with an eviction strategy but is not live-migratable", false),
        new("possible", EvictionStrategies.LiveMigrateIfPossible, true, Triggered + "possible\"", true),
        new("possible-pinned", EvictionStrategies.LiveMigrateIfPossible, false, null, false),
        new("external", EvictionStrategies.External, true, Triggered + "external\"", false),
        new("of-cluster", null, true, Triggered + "of-cluster\"", true),
    ];

    /// <summary>Whether the cluster's own strategy is set when the guest is made.</summary>
    public bool ByCluster => Guest == "of-cluster";
}

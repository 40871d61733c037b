using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>How many pods more than wanted there may be during a rollout, and how many fewer available ones.</summary>
internal sealed record RolloutBounds(long Surge, long Unavailable)
{
    public static RolloutBounds None { get; } = new(0, 0);

    /// <summary>The bounds of a deployment's strategy: shares are rounded so that there are rather more pods than fewer.</summary>
    public static RolloutBounds Of(JsonNode deployment)
    {
        var rolling = deployment.At("spec", "strategy", "rollingUpdate");
        var wanted = deployment.Integer("spec", "replicas") ?? 1;
        if (deployment.Text("spec", "strategy", "type") != "RollingUpdate")
        {
            return None;
        }

        var surge = Share(rolling.At("maxSurge"), wanted, up: true);
        var unavailable = Share(rolling.At("maxUnavailable"), wanted, up: false);

        // Both may come to nothing by rounding; then the rollout could never begin.
        return new(surge, Math.Min(surge == 0 && unavailable == 0 ? 1 : unavailable, wanted));
    }

    /// <summary>A number, or a share of the whole.</summary>
    public static long Share(JsonNode? amount, long whole, bool up)
    {
        if (amount.Text() is not { } text)
        {
            return amount.Integer() ?? 0;
        }

        return long.TryParse(text.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out var percent)
            ? ((percent * whole) + (up ? 99 : 0)) / 100
            : 0;
    }
}

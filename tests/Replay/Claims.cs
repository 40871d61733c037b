using System.Text.RegularExpressions;

namespace Godwit.Replay;

/// <summary>What LocalCluster claims to do as a real cluster does: only that is compared. docs/localcluster.md says the same in words.</summary>
internal static partial class Claims
{
    private static readonly string[] Needs = ["gc", "namespace-controller", "webhooks", "vap", "rbac", "scheduler", "compaction", "controllers"];

    /// <summary>Groups whose kinds are of no use without the controllers behind them, and are therefore not served at all.</summary>
    public static readonly IReadOnlyList<string> GroupsNotServed =
        ["batch", "networking.k8s.io", "autoscaling", "certificates.k8s.io", "node.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io", "storagemigration.k8s.io"];

    /// <summary>Likewise kinds of groups of which others are served.</summary>
    public static readonly IReadOnlyList<string> KindsNotServed =
    [
        "componentstatuses", "podtemplates", "replicationcontrollers", "statefulsets", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
        "csidrivers", "csinodes", "csistoragecapacities", "volumeattachments", "volumeattributesclasses",
    ];

    /// <summary>Subresources that have no meaning here, as discovery names them.</summary>
    public static readonly IReadOnlyList<string> SubresourcesNotServed =
        ["nodes/proxy", "services/proxy", "pods/ephemeralcontainers", "pods/portforward", "pods/proxy", "pods/resize"];

    /// <summary>Why a case is left out as a whole; null when it is compared.</summary>
    public static string? WhyLeftOut(Case recorded) =>
        recorded.Needs.Except(Needs).ToList() is { Count: > 0 } missing ? $"it needs {string.Join(", ", missing)}" : null;

    /// <summary>Why a step is left out: the command asked for kinds that are not served, as its recorded requests tell; null when it is compared.</summary>
    public static string? WhyLeftOut(Case recorded, Step step)
    {
        var group = recorded.Exchanges.Where(e => e.Step == step.Number && !e.InBackground)
            .Select(static e => GroupOfPath().Match(e.Request).Groups["group"].Value)
            .Append(GroupOfOption().Match(step.Command ?? "").Groups["group"].Value)
            .FirstOrDefault(static g => GroupsNotServed.Contains(g));
        return group is null ? null : $"kind not served: {group}";
    }

    [GeneratedRegex(@"^\w+ (/openapi/v3)?/apis/(?<group>[^/?]+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex GroupOfPath();

    [GeneratedRegex(@"--api-group=(?<group>\S+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex GroupOfOption();
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;

namespace Godwit.LocalCluster.ApiServer;

/// <summary>Who asks, and the options that all writes share.</summary>
public sealed record RequestOptions(UserInfo User)
{
    /// <summary>For the cluster's own controllers. Each call has its own list of warnings.</summary>
    public static RequestOptions System => new(UserInfo.System) { FieldValidation = "Ignore", FieldManager = "kube-controller-manager" };

    public bool DryRun { get; init; }

    /// <summary>Admission has already judged the request that this write is a part of: it is not asked again.</summary>
    public bool Admitted { get; init; }

    /// <summary>Ignore, Warn or Strict.</summary>
    public string FieldValidation { get; init; } = "Warn";

    /// <summary>Who becomes the owner of what the write sets: as asked for, else by the name of the client.</summary>
    public string FieldManager { get; init; } = "";

    /// <summary>The write is a server-side apply, which has settled already who owns what.</summary>
    internal bool Applies { get; init; }

    /// <summary>CreateOptions, UpdateOptions, PatchOptions or DeleteOptions as admission sees them.</summary>
    public JsonObject? Options { get; init; }

    /// <summary>Paths that the body gave twice.</summary>
    public IReadOnlyList<string> DuplicateFields { get; init; } = [];

    /// <summary>The patch as messages quote it, when the write is one.</summary>
    public string? PatchText { get; init; }

    /// <summary>Collects Warning headers.</summary>
    public List<string> Warnings { get; init; } = [];
}

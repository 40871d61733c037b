using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.Admission;

/// <summary>One write on its way to the store. Mutating plugins change <see cref="Object"/> (in place or by replacing it).</summary>
public sealed class AdmissionRequest
{
    public required AdmissionOperation Operation { get; init; }

    public required ResourceInfo Resource { get; init; }

    public required ResourceVersionInfo Version { get; init; }

    /// <summary>Null for the resource itself.</summary>
    public string? Subresource { get; init; }

    /// <summary>Empty for cluster-scoped resources.</summary>
    public required string Namespace { get; init; }

    /// <summary>Empty on a creation with generateName.</summary>
    public required string Name { get; init; }

    /// <summary>Null on deletion. For pods/binding, pods/eviction and scale: the body of that kind.</summary>
    public JsonObject? Object { get; set; }

    /// <summary>Null on creation.</summary>
    public JsonObject? OldObject { get; init; }

    /// <summary>CreateOptions, UpdateOptions, PatchOptions or DeleteOptions.</summary>
    public JsonObject? Options { get; init; }

    public required UserInfo User { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Sent to the client as Warning headers.</summary>
    public List<string> Warnings { get; } = [];
}

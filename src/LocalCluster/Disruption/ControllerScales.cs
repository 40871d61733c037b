using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Crd;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Disruption;

/// <summary>
/// Finds what the controllers of pods want, by the scale subresource of their kind, and remembers which resources it looked at:
/// their changes are to be watched.
/// </summary>
internal sealed class ControllerScales(ResourceRegistry registry, StoreSnapshot state)
{
    private readonly HashSet<string> _resources = new(StringComparer.Ordinal);

    /// <summary>Resources that an answer depends on.</summary>
    public IReadOnlyCollection<string> Resources => _resources;

    /// <summary>What the object behind an owner reference wants.</summary>
    public ControllerScale Of(JsonObject owner, string ns)
    {
        var apiVersion = owner.Text("apiVersion") ?? "";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var group = slash < 0 ? "" : apiVersion[..slash];
        var kind = owner.Text("kind") ?? "";
        if (registry.FindKind(group, kind) is not { } resource || resource.Version(apiVersion[(slash + 1)..]) is not { } version)
        {
            _resources.Add(CustomResources.Definitions);
            return new(null, $"no matches for kind \"{kind}\" in version \"{apiVersion}\"");
        }

        if (version.Scale is not { } scale)
        {
            _resources.Add(CustomResources.Definitions);
            return new(null, $"{resource.QualifiedName} does not implement the scale subresource");
        }

        _resources.Add(resource.StoreName);
        var key = new StoreKey(resource.StoreName, resource.Namespaced ? ns : "", owner.Text("name") ?? "");
        if (state.Get(key) is not { } stored || ObjectReader.Present(stored, resource, version) is var found && found.Uid() != owner.Text("uid"))
        {
            return ControllerScale.Gone;
        }

        // In a rollout two sets have pods, and neither wants them all.
        if (resource.StoreName == "replicasets.apps" && GuardedPod.ControllerOf(found) is { } deployment
            && deployment.Text("kind") == "Deployment" && deployment.Text("apiVersion") == "apps/v1" && Of(deployment, ns) is { Replicas: not null } above)
        {
            return above with { Above = deployment.Text("uid") };
        }

        return found.Integer(scale.SpecReplicasPath.Split('.', StringSplitOptions.RemoveEmptyEntries)) is { } replicas
            ? new(replicas)
            : new(null, $"Internal error occurred: the spec replicas field \"{scale.SpecReplicasPath}\" does not exist");
    }
}

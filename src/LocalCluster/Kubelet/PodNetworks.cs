using System.Text.Json.Nodes;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Which networks a pod gets: the cluster's own, and those that its annotation asks for.</summary>
public sealed class PodNetworks(ApiClient api, KubeletOptions options, KubeletPaths paths)
{
    /// <summary>All networks of a pod, its main one first, none of them made yet.</summary>
    /// <exception cref="NetworkException">The annotation or a definition cannot be used.</exception>
    public async Task<IReadOnlyList<AttachedNetwork>> PlanAsync(Pod pod, CancellationToken cancellation)
    {
        var main = CniPlugin.Main(options.ClusterName, options.Place.Pods, paths.Cni);
        var networks = new List<AttachedNetwork> { Planned(options.ClusterName, main) };
        foreach (var request in NetworkRequest.Parse(pod.Metadata.Annotations?.GetValueOrDefault(NetworkRequest.Annotation), pod.Metadata.Namespace ?? ""))
        {
            var definition = await api.TryGetAsync(NodeKinds.NetworkAttachmentDefinition, new(request.Namespace, request.Name), cancellation)
                ?? throw new NetworkException($"cannot find a network-attachment-definition ({request.Name}) in namespace ({request.Namespace})");
            networks.Add(Planned(
                $"{request.Namespace}/{request.Name}",
                NetworkDefinition.Attachment(request, definition.Text("spec", "config"), KubeletPaths.NetworksOf(options.StateDirectory))));
        }
        return networks;
    }

    /// <summary>Tells which interfaces a pod has got, where it has more than one.</summary>
    public async Task AnnounceAsync(Pod pod, SandboxRecord sandbox, CancellationToken cancellation)
    {
        if (AttachedNetwork.StatusOf(sandbox.Networks ?? []) is not { } status
            || pod.Metadata.Annotations?.GetValueOrDefault(NetworkRequest.StatusAnnotation) == status)
        {
            return;
        }
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["uid"] = pod.Metadata.Uid,
                ["annotations"] = new JsonObject { [NetworkRequest.StatusAnnotation] = status },
            },
        };
        try
        {
            await api.PatchAsync(NodeKinds.Pod, new(pod.Metadata.Namespace ?? "", pod.Metadata.Name), PatchKind.Merge, patch, ct: cancellation);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or another pod of that name by now: the watch will say so.
        }
    }

    private static AttachedNetwork Planned(string network, CniAttachment attachment) =>
        new() { Network = network, Interface = attachment.Interface, Configuration = attachment.Configuration };
}

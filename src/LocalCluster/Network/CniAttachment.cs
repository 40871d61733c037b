using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>One interface of a pod, and the network configuration that a CNI plug-in makes it by.</summary>
/// <param name="Interface">Its name inside the pod, <c>eth0</c> for the cluster's own network.</param>
/// <param name="Configuration">What the plug-in reads; <c>type</c> names the plug-in.</param>
public sealed record CniAttachment(string Interface, JsonObject Configuration);

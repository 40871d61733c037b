namespace Godwit.Perf;

/// <summary>Where a QEMU by hand runs: in the network of one of the cluster's nodes, so that its pages take the way between the nodes.</summary>
internal sealed record BarePlace(string NetworkNamespace, string Address);

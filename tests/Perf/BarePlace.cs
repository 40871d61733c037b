namespace Godwit.Perf;

/// <summary>Where a QEMU by hand runs: in the network of a pod that does nothing else, so that its pages take the same way as Godwit's.</summary>
internal sealed record BarePlace(string NetworkNamespace, string Address);

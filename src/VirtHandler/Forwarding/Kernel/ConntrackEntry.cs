using System.Runtime.InteropServices;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>A flow of the guest, as the guest sees it: no address of a pod is in it.</summary>
/// <param name="Tuple">The direction in which it began; the other is its mirror image.</param>
/// <param name="Status">What it has behind it.</param>
/// <param name="TimeoutSeconds">How long the kernel keeps it yet when nobody speaks.</param>
/// <param name="Mark">The mark on it; 0 for none.</param>
/// <param name="TcpState">For TCP; <see cref="TcpConntrackState.None"/> for others.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ConntrackEntry(FlowTuple Tuple, ConntrackStatus Status, uint TimeoutSeconds, uint Mark, TcpConntrackState TcpState);

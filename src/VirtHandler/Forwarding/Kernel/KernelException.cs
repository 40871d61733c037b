using System.Runtime.InteropServices;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>The kernel refused something, or did not answer; the message says what was asked, the kernel's reason and what to do.</summary>
public sealed class KernelException(string message, int error = 0, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The number of the error as in errno; 0 where the kernel gave none.</summary>
    public int Error { get; } = error;

    /// <summary>The exception for a refusal.</summary>
    /// <param name="what">What was asked and of whom, as the beginning of a sentence that ends with the reason.</param>
    /// <param name="error">The number of the error, positive.</param>
    /// <param name="inner">What the runtime made of it, if it did.</param>
    internal static KernelException Of(string what, int error, Exception? inner = null) =>
        new($"{what}: {Marshal.GetPInvokeErrorMessage(error)}{Advice(error)}", error, inner);

    private static string Advice(int error) => error switch
    {
        Libc.NotPermitted or Libc.NoAccess => "; the node agent must run as root with the capabilities NET_ADMIN, NET_RAW, SYS_ADMIN and SYS_PTRACE",
        Libc.NoEntry or Libc.NoProcess => "; the pod has probably ended: look whether it still runs",
        Libc.NoMemory => "; if the node has memory left, its connection table is full: raise net.netfilter.nf_conntrack_max",
        Libc.NoDevice => "; the device is not there: look whether the pod's network is still as it was set up",
        Libc.NoSuchProtocol or Libc.NotSupported or Libc.NoFamily => "; the node's kernel lacks a part: load nf_conntrack_netlink, af_packet and vxlan",
        Libc.AddressInUse => "; another program in the pod has it: see with ss -ltnp in the pod's network",
        Libc.AddressNotThere => "; the pod does not have this address",
        _ => "",
    };
}

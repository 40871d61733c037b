namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>The protocols whose flows are carried over, by their number in IPv4's header.</summary>
public enum FlowProtocol : byte
{
    Icmp = 1,
    Tcp = 6,
    Udp = 17,
}

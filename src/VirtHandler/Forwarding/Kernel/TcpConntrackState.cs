namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>What conntrack takes a TCP connection to be in, with the kernel's numbers (enum tcp_conntrack).</summary>
public enum TcpConntrackState : byte
{
    /// <summary>Not TCP, or not known.</summary>
    None = 0,
    SynSent = 1,
    SynRecv = 2,
    Established = 3,
    FinWait = 4,
    CloseWait = 5,
    LastAck = 6,
    TimeWait = 7,
    Close = 8,

    /// <summary>Both sides opened at once.</summary>
    SynSent2 = 9,
}

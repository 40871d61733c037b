namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>One message of the kernel.</summary>
internal readonly ref struct NetlinkMessage(ushort type, ushort flags, uint sequence, ReadOnlySpan<byte> payload)
{
    /// <summary>An error, or with 0 as its number an acknowledgement.</summary>
    public const ushort Error = 2;

    /// <summary>The end of all there are.</summary>
    public const ushort Done = 3;

    /// <summary>What the kernel listed changed meanwhile, so something may be missing.</summary>
    public const ushort Interrupted = 0x10;

    public ushort Type { get; } = type;

    public ushort Flags { get; } = flags;

    /// <summary>The number of the request that it answers.</summary>
    public uint Sequence { get; } = sequence;

    /// <summary>What follows netlink's own header.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;
}

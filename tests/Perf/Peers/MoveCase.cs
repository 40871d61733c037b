namespace Godwit.Perf.Peers;

/// <summary>One way of moving a guest that all three drivers are put through.</summary>
internal sealed record MoveCase(string Name)
{
    /// <summary>How long a move may go on before the guest is stopped so that it comes to an end.</summary>
    public static readonly TimeSpan Stop = TimeSpan.FromSeconds(8);

    public int MemoryMiB { get; init; } = 256;

    public bool Tls { get; init; } = true;

    /// <summary>Streams of bare QMP and virsh; null: as many as Godwit has chosen, which is not told how many to take.</summary>
    public int? Streams { get; init; }

    /// <summary>MiB a second that QEMU may send; 0: as fast as it goes.</summary>
    public int LinkMiB { get; init; }

    /// <summary>How much the guest rewrites, in percent of the link.</summary>
    public int DirtyPercent { get; init; }

    /// <summary>It rewrites faster than the link carries: no driver comes to an end without stopping it.</summary>
    public bool NeverEnds => DirtyPercent > 100;

    public int DirtyMiB => LinkMiB * DirtyPercent / 100;

    /// <summary>Few enough for three minutes, and each of the three things that matter most.</summary>
    public static IReadOnlyList<MoveCase> Quick { get; } =
    [
        new("256 MiB, idle, no TLS") { Tls = false },
        new("256 MiB, idle, TLS"),
        Dirtying(50),
    ];

    /// <summary>One thing at a time is changed around the first.</summary>
    public static IReadOnlyList<MoveCase> All { get; } =
    [
        new("256 MiB, idle, TLS"),
        new("256 MiB, idle, no TLS") { Tls = false },
        new("256 MiB, idle, TLS, 1 stream") { Streams = 1 },
        new("256 MiB, idle, TLS, 4 streams") { Streams = 4 },
        new("1 GiB, idle, TLS") { MemoryMiB = 1024 },
        new("1 GiB, idle, no TLS") { MemoryMiB = 1024, Tls = false },
        new("256 MiB, idle, TLS, link 64 MiB/s") { LinkMiB = 64 },
        Dirtying(25), Dirtying(50), Dirtying(90), Dirtying(150),
    ];

    private static MoveCase Dirtying(int percent) =>
        new($"256 MiB, rewriting {percent} % of a link of 64 MiB/s, TLS") { LinkMiB = 64, DirtyPercent = percent };
}

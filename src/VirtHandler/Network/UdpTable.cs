namespace Godwit.VirtHandler.Network;

/// <summary>Reads /proc/&lt;pid&gt;/net/udp, which shows the sockets of that process's network namespace.</summary>
public static class UdpTable
{
    public static bool HasListener(string table, int port)
    {
        var suffix = ":" + port.ToString("X4");
        return table.Split('\n').Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields.Length > 1 && fields[1].EndsWith(suffix, StringComparison.Ordinal));
    }
}

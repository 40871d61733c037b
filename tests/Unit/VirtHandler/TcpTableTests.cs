using System.Net;
using Godwit.VirtHandler.Network;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class TcpTableTests
{
    private const string Table =
        """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:9C41 05E6620A:C000 01 00000000:00000000 00:00000000 00000000   107        0 52551 1 0000000000000000 20 4 30 10 -1
           1: 0100007F:9C42 05E6620A:C000 02 00000001:00000000 01:00000100 00000001   107        0 52552 2 0000000000000000 100 0 0 1 -1
           2: 0100007F:9C43 05E6620A:C001 01 00000000:00000000 00:00000000 00000000   107        0 52553 1 0000000000000000 20 4 30 10 -1
           3: 0100007F:9C44 06E6620A:C000 01 00000000:00000000 00:00000000 00000000   107        0 52554 1 0000000000000000 20 4 30 10 -1
           4: 00000000:C000 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 52555 1 0000000000000000 100 0 0 10 0

        """;

    private const string Table6 =
        """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000001000000:9C41 B80D0120000000000000000001000000:C000 01 00000000:00000000 00:00000000 00000000   107        0 61 1 0000000000000000 20 4 30 10 -1
           1: 0000000000000000FFFF00000100007F:9C41 0000000000000000FFFF000005E6620A:C000 01 00000000:00000000 00:00000000 00000000   107        0 62 1 0000000000000000 20 4 30 10 -1

        """;

    [Fact]
    public void Connections_to_one_peer_are_found_also_those_that_are_being_made() =>
        TcpTable.SocketsTo(Table, IPAddress.Parse("10.98.230.5"), [0xC000]).ShouldBe([52551, 52552]);

    [Fact]
    public void Each_of_the_ports_counts() =>
        TcpTable.SocketsTo(Table, IPAddress.Parse("10.98.230.5"), [0xC000, 0xC001]).ShouldBe([52551, 52552, 52553]);

    [Theory]
    [InlineData("2001:db8::1", 61)]
    [InlineData("10.98.230.5", 62)]
    public void An_address_of_either_family_is_read(string peer, long inode) =>
        TcpTable.SocketsTo(Table6, IPAddress.Parse(peer), [0xC000]).ShouldBe([inode]);

    [Fact]
    public void An_empty_table_has_none() => TcpTable.SocketsTo("", IPAddress.Loopback, [1]).ShouldBeEmpty();
}

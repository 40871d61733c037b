using System.Net.NetworkInformation;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class TapFrameTests
{
    private static readonly PhysicalAddress Source = PhysicalAddress.Parse("02:00:00:00:00:11");
    private static readonly PhysicalAddress Destination = PhysicalAddress.Parse("02:00:00:00:00:22");
    private static readonly byte[] Header = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

    [Theory]
    [InlineData(10)]
    [InlineData(12)]
    [InlineData(24)]
    public void The_first_ten_bytes_of_the_header_stay_and_the_addresses_are_replaced(int headerLength)
    {
        byte[] header = [.. Header, .. new byte[headerLength - Header.Length]];

        Readdress([.. header, .. Ethernet(0x08, 0x00), 0x45, 0x99], headerLength)
            .ShouldBe([.. Header, 2, 0, 0, 0, 0, 0x22, 2, 0, 0, 0, 0, 0x11, 0x08, 0x00, 0x45, 0x99]);
    }

    [Fact]
    public void A_tap_without_a_header_has_nothing_left_to_be_done() =>
        Readdress([.. Ethernet(0x08, 0x00), 0x45], 0).ShouldBe([.. new byte[10], 2, 0, 0, 0, 0, 0x22, 2, 0, 0, 0, 0, 0x11, 0x08, 0x00, 0x45]);

    [Theory]
    [InlineData(0x08, 0x06)] // ARP
    [InlineData(0x86, 0xdd)] // IPv6
    [InlineData(0x81, 0x00)] // a tag of a VLAN
    public void What_is_not_IPv4_is_not_sent_on(byte high, byte low) => Readdress([.. Header, .. Ethernet(high, low), 0x45], 10).ShouldBeEmpty();

    [Fact]
    public void What_is_too_short_for_a_frame_is_not_sent_on() => Readdress([.. Header, .. Ethernet(0x08, 0x00)[..^1]], 10).ShouldBeEmpty();

    private static byte[] Ethernet(byte high, byte low) => [9, 9, 9, 9, 9, 9, 8, 8, 8, 8, 8, 8, high, low];

    private static byte[] Readdress(byte[] read, int headerLength) =>
        TapFrame.Readdress((byte[])[.. new byte[PacketSocket.OffloadHeader], .. read], headerLength, Source, Destination).ToArray();
}

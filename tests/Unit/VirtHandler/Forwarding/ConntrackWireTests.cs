using System.Buffers.Binary;
using CsCheck;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class ConntrackWireTests
{
    private const int FirstRecord = 8;

    [Fact]
    public void What_is_sent_is_what_arrives() =>
        Flows.Any.List[0, 20].Sample(entries => ConntrackWire.Decode(ConntrackWire.Encode(entries)).SequenceEqual(entries));

    [Fact]
    public void Bytes_from_anywhere_are_a_list_or_invalid_and_nothing_else() =>
        Gen.OneOf(Gen.Byte.Array[0, 200], Gen.Select(Flows.Any.List[0, 4], Gen.Int[0, 107], Gen.Byte).Select(Damaged)).Sample(bytes =>
        {
            try
            {
                return ConntrackWire.Encode(ConntrackWire.Decode(bytes)).SequenceEqual(bytes);
            }
            catch (InvalidDataException)
            {
                return true;
            }
        });

    [Fact]
    public void A_list_may_be_empty() => ConntrackWire.Decode(ConntrackWire.Encode([])).ShouldBeEmpty();

    [Theory]
    [InlineData(0, 2, "protocol 2")]
    [InlineData(1, 10, "TCP state 10")]
    [InlineData(2, 8, "ICMP type")]
    [InlineData(16, 8, "status 8")]
    public void A_record_that_no_kernel_would_list_is_invalid(int offset, byte value, string because)
    {
        var bytes = ConntrackWire.Encode([Flows.Tcp(4000)]);
        bytes[FirstRecord + offset] = value;

        Should.Throw<InvalidDataException>(() => ConntrackWire.Decode(bytes)).Message.ShouldContain(because);
    }

    [Theory]
    [InlineData(2, 13)]
    [InlineData(3, 1)]
    [InlineData(15, 1)]
    [InlineData(1, 3)]
    public void Of_ICMP_only_echoes_are_valid(int offset, byte value)
    {
        var bytes = ConntrackWire.Encode([Flows.Echo(7)]);
        bytes[FirstRecord + offset] = value;

        Should.Throw<InvalidDataException>(() => ConntrackWire.Decode(bytes));
    }

    [Fact]
    public void A_list_that_is_too_short_or_too_long_is_invalid()
    {
        var bytes = ConntrackWire.Encode([Flows.Tcp(4000), Flows.Udp(5000)]);

        Should.Throw<InvalidDataException>(() => ConntrackWire.Decode(bytes.AsSpan(..^1)));
        Should.Throw<InvalidDataException>(() => ConntrackWire.Decode([.. bytes, 0]));
        Should.Throw<InvalidDataException>(() => ConntrackWire.Decode(bytes.AsSpan(..7)));
    }

    [Fact]
    public void A_number_of_flows_beyond_the_limit_is_invalid_whatever_follows()
    {
        var most = ConntrackWire.Encode([.. Enumerable.Repeat(Flows.Tcp(1), ConntrackWire.MostEntries)]);
        ConntrackWire.Decode(most).Count.ShouldBe(ConntrackWire.MostEntries);

        var more = most.Concat(most.AsSpan(FirstRecord, ConntrackWire.RecordLength).ToArray()).ToArray();
        BinaryPrimitives.WriteInt32BigEndian(more.AsSpan(4), ConntrackWire.MostEntries + 1);
        Should.Throw<InvalidDataException>(() => ConntrackWire.Decode(more));
        BinaryPrimitives.WriteUInt32BigEndian(more.AsSpan(4), uint.MaxValue);
        Should.Throw<InvalidDataException>(() => ConntrackWire.Decode(more));
    }

    [Fact]
    public void What_could_not_be_read_is_not_sent()
    {
        Should.Throw<ArgumentException>(() => ConntrackWire.Encode([Flows.Udp(5000) with { TcpState = TcpConntrackState.Established }]));
        Should.Throw<ArgumentException>(() => ConntrackWire.Encode([.. Enumerable.Repeat(Flows.Tcp(1), ConntrackWire.MostEntries + 1)]));
    }

    private static byte[] Damaged((List<ConntrackEntry> Entries, int Place, byte Value) damage)
    {
        var bytes = ConntrackWire.Encode(damage.Entries);
        bytes[damage.Place % bytes.Length] = damage.Value;
        return bytes;
    }
}

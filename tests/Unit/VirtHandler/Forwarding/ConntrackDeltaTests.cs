using CsCheck;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class ConntrackDeltaTests
{
    [Fact]
    public void A_flow_that_only_grew_older_is_not_sent_again() =>
        ConntrackDelta.Between([Flows.Tcp(1), Flows.Udp(2)], [Flows.Tcp(1) with { TimeoutSeconds = 7 }, Flows.Udp(2) with { TimeoutSeconds = 29 }]).IsEmpty.ShouldBeTrue();

    [Fact]
    public void A_new_flow_is_written_and_one_that_is_gone_deleted()
    {
        var delta = ConntrackDelta.Between([Flows.Tcp(1), Flows.Udp(2)], [Flows.Tcp(1), Flows.Echo(3)]);

        delta.Upserts.ShouldBe([Flows.Echo(3)]);
        delta.Deletions.ShouldBe([Flows.Udp(2)]);
    }

    [Fact]
    public void A_flow_whose_state_or_mark_changed_or_that_was_answered_is_written()
    {
        var changes = new[]
        {
            Flows.Tcp(1) with { TcpState = TcpConntrackState.FinWait },
            Flows.Tcp(2) with { Mark = 0x10000 },
            Flows.Udp(3) with { Status = ConntrackStatus.SeenReply },
            Flows.Echo(4) with { Status = ConntrackStatus.SeenReply | ConntrackStatus.Assured },
        };

        var delta = ConntrackDelta.Between([Flows.Tcp(1), Flows.Tcp(2), Flows.Udp(3), Flows.Echo(4)], changes);

        delta.Upserts.ShouldBe(changes);
        delta.Deletions.ShouldBeEmpty();
    }

    [Fact]
    public void A_flow_between_the_same_ports_that_begins_anew_replaces_the_old_one()
    {
        var fresh = Flows.Tcp(1, TcpConntrackState.SynSent) with { Status = ConntrackStatus.None };

        var delta = ConntrackDelta.Between([Flows.Tcp(1)], [fresh]);

        delta.Deletions.ShouldBe([Flows.Tcp(1)]);
        delta.Upserts.ShouldBe([fresh]);
    }

    [Fact]
    public void A_flow_that_the_kernel_lists_twice_is_written_once() =>
        ConntrackDelta.Between([], [Flows.Tcp(1), Flows.Tcp(1)]).Upserts.ShouldBe([Flows.Tcp(1)]);

    [Fact]
    public void Deletions_and_then_writes_make_the_other_table_like_this_one()
    {
        var table = Gen.Select(Gen.Int[0, 5], Gen.Byte[0, 3], Gen.UInt[0, 2], Gen.Byte[0, 9]).Array[0, 8].Select(flows => flows
            .Select(f => Flows.Tcp((ushort)f.Item1, (TcpConntrackState)f.Item4, f.Item3) with { Status = (ConntrackStatus)(f.Item2 << 1) })
            .DistinctBy(e => e.Tuple).ToArray());
        Gen.Select(table, table).Sample((before, now) =>
        {
            var delta = ConntrackDelta.Between(before, now);
            var other = before.ToDictionary(e => e.Tuple);
            foreach (var entry in delta.Deletions)
            {
                other.Remove(entry.Tuple, out var deleted).ShouldBeTrue();
                deleted.ShouldBe(entry);
            }

            foreach (var entry in delta.Upserts)
            {
                // The kernel refuses to take bits of the status back.
                (other.TryGetValue(entry.Tuple, out var old) && (old.Status & ~entry.Status) != ConntrackStatus.None).ShouldBeFalse();
                other[entry.Tuple] = entry;
            }

            return other.Values.ToHashSet().SetEquals(now);
        });
    }
}

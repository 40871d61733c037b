using CsCheck;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class ConntrackMessageTests
{
    [Fact]
    public void What_is_written_for_the_kernel_reads_back() => Flows.Any.Where(e => e.TimeoutSeconds > 0).Sample(entry =>
    {
        var writer = new NetlinkWriter(1024);
        ConntrackMessage.WriteNew(writer, entry);

        var messages = new NetlinkMessages(writer.Written);
        messages.MoveNext().ShouldBeTrue();
        messages.Current.Type.ShouldBe(ConntrackMessage.New);
        ConntrackMessage.Read(messages.Current.Payload)
            .ShouldBe(new TrackedFlow(entry.Tuple, entry.Tuple.Reversed, entry.Status, entry.TimeoutSeconds, entry.Mark, entry.TcpState));
        messages.MoveNext().ShouldBeFalse();
    });

    [Fact]
    public void Requests_behind_one_another_are_read_one_by_one()
    {
        var writer = new NetlinkWriter(4096);
        for (ushort port = 1; port <= 5; port++)
        {
            ConntrackMessage.WriteNew(writer, Flows.Tcp(port));
        }

        var ports = new List<ushort>();
        foreach (var message in new NetlinkMessages(writer.Written))
        {
            ports.Add(ConntrackMessage.Read(message.Payload)!.Value.Original.SourcePort);
        }

        ports.ShouldBe([1, 2, 3, 4, 5]);
    }

    [Fact]
    public void A_message_cut_off_anywhere_is_read_as_far_as_it_goes()
    {
        var writer = new NetlinkWriter(1024);
        ConntrackMessage.WriteNew(writer, Flows.Tcp(1));
        var payload = writer.Written[16..].ToArray();

        for (var length = 0; length < payload.Length; length++)
        {
            ConntrackMessage.Read(payload.AsSpan(0, length)).ShouldNotBe(ConntrackMessage.Read(payload));
        }
    }
}

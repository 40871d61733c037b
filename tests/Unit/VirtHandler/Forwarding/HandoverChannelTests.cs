using Godwit.VirtHandler.Forwarding;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class HandoverChannelTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_sent_is_what_is_read()
    {
        await using var both = new MemoryStream();
        await using var channel = new HandoverChannel(both);
        await channel.SendAsync(HandoverMessage.Mtu, HandoverChannel.Number(1400), Ct);
        await channel.SendAsync(HandoverMessage.Done, HandoverChannel.Text("2 of 3: table full"), Ct);
        both.Position = 0;

        HandoverChannel.Number(await channel.ExpectAsync(HandoverMessage.Mtu, Ct)).ShouldBe(1400);
        HandoverChannel.Text(await channel.ExpectAsync(HandoverMessage.Done, Ct)).ShouldBe("2 of 3: table full");
        (await channel.ReadAsync(Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task A_length_that_nothing_has_is_refused()
    {
        await using var channel = new HandoverChannel(new MemoryStream([4, 0x7f, 0xff, 0xff, 0xff]));

        (await Should.ThrowAsync<InvalidDataException>(() => channel.ReadAsync(Ct))).Message.ShouldContain("2147483647 bytes");
    }

    [Fact]
    public async Task A_message_of_another_kind_is_refused()
    {
        await using var channel = new HandoverChannel(new MemoryStream([5, 0, 0, 0, 0]));

        (await Should.ThrowAsync<InvalidDataException>(() => channel.ExpectAsync(HandoverMessage.Hello, Ct))).Message.ShouldContain("Ended came where Hello was expected");
    }
}

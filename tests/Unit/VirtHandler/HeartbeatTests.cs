using System.Text.Json.Nodes;
using Godwit.Unit.Machinery;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Node;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task An_agent_whose_clock_was_stepped_beats_at_once_and_not_with_its_next_beat()
    {
        var clock = new SteppedClock(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var beats = System.Threading.Channels.Channel.CreateUnbounded<string>();
        var api = new FakeApi(request =>
        {
            if (request.Method == "PATCH")
            {
                beats.Writer.TryWrite(request.Body!).ShouldBeTrue();
            }

            return FakeApi.Json("{'apiVersion':'v1','kind':'Node','metadata':{'name':'node01'}}");
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var options = new VirtHandlerOptions { Node = "node01", HeartbeatPeriod = TimeSpan.FromDays(1) };
        var running = new Heartbeat(api.Client(clock), options, capabilities: null, NullLogger.Instance, clock).RunAsync(stop.Token);
        Time(await beats.Reader.ReadAsync(stop.Token)).ShouldBe("2026-01-02T03:04:05Z");

        clock.Step = TimeSpan.FromHours(-1);
        while (beats.Reader.Count == 0)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Time(await beats.Reader.ReadAsync(stop.Token)).ShouldStartWith("2026-01-02T02:0");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    private static string Time(string patch) =>
        (string)JsonNode.Parse(patch)!["metadata"]!["annotations"]![Godwit.Types.Annotations.Heartbeat]!;
}

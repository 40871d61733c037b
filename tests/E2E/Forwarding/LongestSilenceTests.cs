using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>For how long connections are silent when their guest moves: measured, so nothing else runs meanwhile.</summary>
[Collection<Alone>]
public sealed class LongestSilenceTests(ClusterFixture cluster, ITestOutputHelper output) : FlowTests(cluster)
{
    /// <summary>By so much more than the guest stood still may an echo be late, beside what one takes at any time.</summary>
    private static readonly TimeSpan Allowance = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// An emulated guest answers all that has waited for it one after the other, with code that has yet to be translated: of an echo that took
    /// 335 ms, 280 were between the guest's network card and its answer. Not all runs are that quick.
    /// </summary>
    private static readonly TimeSpan Backlog = TimeSpan.FromMilliseconds(250);

    [Fact]
    public async Task A_thousand_connections_survive_a_move_and_the_move_back()
    {
        Cluster.RequireOwn();
        await using var flows = await NewFlowsAsync();
        await using var guest = await StartAsync("e2e-thousand", flows, dials: 250);
        await flows.AcceptAsync(each: 250);
        await flows.ConnectAsync(await AddressAsync(guest), each: 250);
        await flows.SpeakAsync();
        var usual = await flows.UsualAsync();
        var began = TimeProvider.System.GetUtcNow();

        var first = await MoveAsync(guest);
        var second = await MoveAsync(guest);
        await flows.FinishAsync();

        // An emulated guest stands still for longer than its pause: the target has to translate its code first.
        var stood = guest.Console.LargestGap(began, TimeProvider.System.GetUtcNow());
        output.WriteLine(flows.Table(
            $"with forwarding, pauses {first.TotalMilliseconds:0} and {second.TotalMilliseconds:0} ms, {stood.TotalMilliseconds:0} ms by the guest's own ticks; longest before the moves {usual.TotalMilliseconds:0} ms"));
        flows.All.Count.ShouldBe(1000);
        flows.Broken.Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty();
        flows.Longest.ShouldBeLessThan(stood + Allowance + usual + Backlog);
        await guest.ShouldBeUnhurtAsync();
    }
}

using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Many moves in a row, and afterwards the machine is as it was.</summary>
[Collection<FirstSide>]
public sealed class LeakTests(ClusterFixture cluster)
{
    private const int Moves = 6;

    [Fact]
    public async Task Moves_in_a_row_succeed_and_leave_nothing_behind_at_either_node()
    {
        cluster.RequireOwn();
        var before = cluster.Leftovers();
        await using (var guest = await Guest.StartAsync(cluster, "e2e-leak"))
        {
            for (var move = 1; move <= Moves; move++)
            {
                var outcome = await guest.MoveAsync();
                outcome.Succeeded.ShouldBeTrue($"move {move}: {outcome.Failure}");
            }

            await guest.ShouldBeUnhurtAsync();
        }

        await cluster.UntilAsBeforeAsync(before);
    }

    [Fact]
    public async Task A_cluster_that_is_down_has_left_nothing_on_the_machine()
    {
        cluster.RequireOwn();
        const string Name = "godwitgone";
        const string State = "/var/lib/godwit-gone";
        var godwit = Path.Combine(ClusterFixture.Binaries, "godwit");
        (await Tool.RunAsync(godwit, ["up", "--name", Name, "--auto", "--state", State, "--timeout", "120"], TimeSpan.FromMinutes(3))).Ok();
        Machine.Leftovers(Name, State).ShouldNotBeEmpty("the test looks in the wrong places");
        (await Tool.RunAsync(godwit, ["down", "--state", State], TimeSpan.FromMinutes(1))).Ok();
        Machine.Leftovers(Name, State).ShouldBeEmpty();
        Directory.Exists(State).ShouldBeFalse();
    }
}

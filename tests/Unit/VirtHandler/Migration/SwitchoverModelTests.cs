using Godwit.Simulation;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

/// <summary>
/// Explores every interleaving of the hand-over to its end: writes delayed, lost and repeated, stale readings, each process
/// killed at each step, an abort at each step, a controller that declares the migration failed at each step, an API server that
/// does not answer at each step.
/// </summary>
public sealed class SwitchoverModelTests
{
    // aborts, controller failures, source agent deaths, target agent deaths, source QEMU deaths, target QEMU deaths, give-ups,
    // post-copy orders, breaks of its channel
    public static TheoryData<byte[]> Misfortunes { get; } =
    [
        new byte[] { 0, 0, 0, 0, 0, 0, 0 },
        new byte[] { 1, 0, 1, 0, 0, 0, 0 },
        new byte[] { 1, 0, 0, 1, 0, 1, 0 },
        new byte[] { 0, 1, 1, 0, 0, 1, 0 },
        new byte[] { 1, 1, 0, 0, 0, 0, 1 },
        new byte[] { 0, 0, 1, 1, 0, 1, 0 },
        new byte[] { 1, 0, 0, 0, 1, 0, 0 },
        new byte[] { 0, 0, 2, 0, 1, 0, 1 },
        new byte[] { 1, 1, 1, 1, 1, 1, 1 },
        new byte[] { 0, 0, 0, 0, 0, 0, 0, 1, 2 },
        new byte[] { 1, 0, 1, 0, 0, 0, 0, 1, 1 },
        new byte[] { 0, 1, 0, 1, 0, 0, 1, 1, 1 },
        new byte[] { 0, 0, 1, 1, 0, 1, 0, 1, 1 },
        new byte[] { 1, 0, 0, 0, 1, 1, 0, 1, 1 },
    ];

    [Theory]
    [MemberData(nameof(Misfortunes))]
    public void Two_copies_never_run_an_abort_is_heeded_and_there_is_always_a_way_back_to_a_running_guest(byte[] budget)
    {
        var (trouble, size) = Explore(new SwitchoverModel(), budget);
        trouble.ShouldBeNull();
        TestContext.Current.TestOutputHelper?.WriteLine(size);
    }

    [Theory]
    [InlineData("no-swap", "the source runs after the target has run")]
    [InlineData("ignore-abort", "the guest is handed over though an abort stands on record")]
    public void Agents_with_a_broken_rule_are_noticed(string rule, string trouble) =>
        Explore(new SwitchoverModel { Rules = BrokenRules.All[rule] }, [1, 0, 1, 0, 0, 0, 0]).Trouble.ShouldNotBeNull().ShouldStartWith(trouble);

    [Fact]
    public void A_target_that_was_started_without_being_held_is_noticed() =>
        Explore(new SwitchoverModel { TargetRunsByItself = true }, [0, 0, 0, 0, 0, 0, 0]).Trouble.ShouldNotBeNull().ShouldStartWith("the source runs after the target has run");

    /// <summary>The first thing that must not be, with the steps that lead to it; null when there is none.</summary>
    private static (string? Trouble, string Size) Explore(SwitchoverModel model, byte[] budget)
    {
        var start = ModelState.Start(new ModelBudget(budget[0], budget[1], budget[2], budget[3], budget[4], budget[5], budget[6], budget.ElementAtOrDefault(7), budget.ElementAtOrDefault(8)));
        var numbers = new Dictionary<ModelState, int> { [start] = 0 };
        var states = new List<ModelState> { start };
        var parents = new List<int> { -1 };
        var edges = new List<(int From, int To)>();
        for (var i = 0; i < states.Count; i++)
        {
            foreach (var (next, isMisfortune) in model.Next(states[i]))
            {
                if (states[i].Record is { Owner: Owner.Source, Abort: true } && next.Record.Owner == Owner.Target)
                {
                    return ($"the guest is handed over though an abort stands on record:\n{Path(states, parents, i)}\n{next}", "");
                }

                if (!numbers.TryGetValue(next, out var number))
                {
                    number = states.Count;
                    numbers[next] = number;
                    states.Add(next);
                    parents.Add(i);
                    if (next.SourceRuns && next.TargetEverRan)
                    {
                        return ($"the source runs after the target has run:\n{Path(states, parents, number)}", "");
                    }

                    states.Count.ShouldBeLessThan(2_000_000, "the model is too large to be explored");
                }

                // The way back must not depend on a misfortune.
                if (!isMisfortune)
                {
                    edges.Add((i, number));
                }
            }
        }

        var stranded = Stranded(states, edges);
        return (stranded < 0 ? null : $"there is no way back to a running guest:\n{Path(states, parents, stranded)}", $"{states.Count} states, {edges.Count} steps");
    }

    /// <summary>A state from which no sequence of steps leads to a running guest, though it is not lost; -1 if there is none.</summary>
    private static int Stranded(List<ModelState> states, List<(int From, int To)> edges)
    {
        var good = new bool[states.Count];
        var back = edges.ToLookup(e => e.To, e => e.From);
        var queue = new Queue<int>();
        for (var i = 0; i < states.Count; i++)
        {
            if (states[i].SourceRuns || states[i].TargetRuns || states[i].Lost)
            {
                good[i] = true;
                queue.Enqueue(i);
            }
        }

        while (queue.TryDequeue(out var at))
        {
            foreach (var from in back[at])
            {
                if (!good[from])
                {
                    good[from] = true;
                    queue.Enqueue(from);
                }
            }
        }

        return Array.IndexOf(good, value: false);
    }

    private static string Path(List<ModelState> states, List<int> parents, int to)
    {
        var path = new List<string>();
        for (var at = to; at >= 0; at = parents[at])
        {
            path.Add(states[at].ToString());
        }

        path.Reverse();
        return string.Join('\n', path);
    }
}

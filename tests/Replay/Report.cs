namespace Godwit.Replay;

/// <summary>What came of one case.</summary>
/// <param name="Case">The case.</param>
/// <param name="Steps">Its compared steps in order, each with what differs.</param>
internal sealed record Report(Case Case, IReadOnlyList<(Step Step, IReadOnlyList<string> Differences)> Steps)
{
    public int Agreeing => Steps.Count(static s => s.Differences.Count == 0);

    /// <summary>Runs the case, unless it is about what LocalCluster does not claim.</summary>
    public static async Task<Report> OfAsync(Case recorded, Server server)
    {
        using var admin = server.Admin();
        await using var recorder = await Recorder.StartAsync(server.Host.Address, server.Host.Pki.Ca, admin);
        return new Report(recorded, await new CaseRunner(recorded, server, recorder).RunAsync());
    }

    /// <summary>A line for each step that is not compared.</summary>
    public static IEnumerable<string> LeftOut(Case recorded) => Claims.WhyLeftOut(recorded) is { } why
        ? [$"left out {recorded.Name}: {why}"]
        : recorded.Steps.Where(static s => s.IsCompared)
            .Select(s => (Step: s, Why: Claims.WhyLeftOut(recorded, s)))
            .Where(static s => s.Why is not null)
            .Select(s => $"left out {recorded.Name} step {s.Step.Number}: {s.Why}");

    /// <summary>What differs in a step, with the step.</summary>
    public static IEnumerable<string> Lines(Case recorded, Step step, IReadOnlyList<string> differences) =>
        differences.Select(static d => "    " + d).Prepend($"differs {recorded.Name} step {step.Number}: {step.Command!.ReplaceLineEndings(" ")}");
}

namespace Godwit.Simulation.Scripts;

/// <summary>Makes a script that breaks a promise shorter, for as long as it still breaks one (delta debugging).</summary>
internal sealed class Shrinker(Func<Script, string?> run, int budget)
{
    private int _left = budget;

    public (Script Script, string Violation) Shrink(Script script, string violation)
    {
        var pieces = 2;
        while (script.Steps.Count > 1 && _left > 0)
        {
            var size = Math.Max(1, script.Steps.Count / pieces);
            var shorter = false;
            for (var from = 0; from < script.Steps.Count && _left > 0; from += size)
            {
                var candidate = script with { Steps = [.. script.Steps.Take(from), .. script.Steps.Skip(from + size)] };
                if (Try(candidate) is { } still)
                {
                    (script, violation) = (candidate, still);
                    pieces = Math.Max(2, pieces - 1);
                    shorter = true;
                    break;
                }
            }

            if (!shorter)
            {
                if (size == 1)
                {
                    break;
                }

                pieces = Math.Min(script.Steps.Count, pieces * 2);
            }
        }

        return (script, violation);
    }

    private string? Try(Script script)
    {
        _left--;
        return run(script);
    }
}

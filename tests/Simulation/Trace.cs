using System.Globalization;

namespace Godwit.Simulation;

/// <summary>What has happened, as one number that two equal runs share; the lines themselves only when they are wanted.</summary>
internal sealed class Trace(bool keep)
{
    private ulong _hash = 14695981039346656037;

    public List<string> Lines { get; } = [];

    public string Hash => _hash.ToString("x16", CultureInfo.InvariantCulture);

    public void Add(double seconds, string what)
    {
        Mix((ulong)(seconds * 1e7));
        foreach (var character in what)
        {
            Mix(character);
        }

        if (keep)
        {
            Lines.Add(string.Create(CultureInfo.InvariantCulture, $"{seconds,14:0.000000} {what}"));
        }
    }

    public void Say(double seconds, string what)
    {
        if (keep)
        {
            Lines.Add(string.Create(CultureInfo.InvariantCulture, $"{seconds,14:0.000000}     {what}"));
        }
    }

    private void Mix(ulong value) => _hash = (_hash ^ value) * 1099511628211;
}

namespace Godwit.Chaos;

/// <summary>Every fault at every one of its steps, shuffled; when all have been drawn, shuffled again.</summary>
internal sealed class Deck
{
    private readonly (Fault Fault, Step Step)[] _cards;
    private readonly Random _random;
    private int _drawn;

    /// <exception cref="ArgumentException">No fault has the name that was asked for.</exception>
    public Deck(string? only, Random random)
    {
        _random = random;
        _cards = [.. Faults.All.Where(f => only is null || f.Name == only).SelectMany(static f => f.Steps.Select(s => (f, s)))];
        if (_cards.Length == 0)
        {
            throw new ArgumentException($"no fault is called '{only}'; there are: {string.Join(", ", Faults.All.Select(static f => f.Name))}", nameof(only));
        }
    }

    public (Fault Fault, Step Step) Draw()
    {
        if (_drawn % _cards.Length == 0)
        {
            _random.Shuffle(_cards);
        }

        return _cards[_drawn++ % _cards.Length];
    }
}

using System.Globalization;
using System.Net;

namespace Godwit.Godwitd;

/// <summary>The words after the verb: options with a value each, and what is no option.</summary>
public sealed class Arguments
{
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    private Arguments()
    {
    }

    /// <summary>Words that belong to no option.</summary>
    public IReadOnlyList<string> Words { get; private set; } = [];

    /// <summary>Reads <c>--name value</c> and <c>--name=value</c>; an option that is not known is an error.</summary>
    public static Arguments Parse(IReadOnlyList<string> args, params IReadOnlyList<string> known)
    {
        var result = new Arguments();
        var words = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                words.Add(args[i]);
                continue;
            }

            var parts = args[i][2..].Split('=', 2);
            if (!known.Contains(parts[0]))
            {
                throw new UsageException($"unknown option --{parts[0]}; known here: {string.Join(", ", known.Select(static k => $"--{k}"))}");
            }

            if (parts.Length == 1 && i + 1 == args.Count)
            {
                throw new UsageException($"--{parts[0]} needs a value");
            }

            result._options[parts[0]] = parts.Length == 2 ? parts[1] : args[++i];
        }

        result.Words = words;
        return result;
    }

    public string? Find(string option) => _options.GetValueOrDefault(option);

    /// <summary>An option that is <c>ADDRESS:PORT</c>.</summary>
    public IPEndPoint Address(string option, IPEndPoint unless) => Find(option) switch
    {
        null => unless,
        { } text => IPEndPoint.TryParse(text, out var endpoint) ? endpoint : throw new UsageException($"--{option} {text} is not ADDRESS:PORT"),
    };

    /// <summary>An option that is a port.</summary>
    public int Port(string option, int unless) => Find(option) switch
    {
        null => unless,
        { } text => ushort.TryParse(text, CultureInfo.InvariantCulture, out var port) && port > 0 ? port : throw new UsageException($"--{option} {text} is not a port"),
    };

    public string Get(string option) => Find(option) ?? throw new UsageException($"--{option} is needed");
}

namespace Godwit.Cli.Host;

/// <summary>Passes every key on as it is pressed, for as long as this object lives.</summary>
public sealed class RawTerminal : IAsyncDisposable
{
    private readonly string? _before;

    private RawTerminal(string? before) => _before = before;

    /// <summary>Does nothing where the input is no terminal.</summary>
    public static async Task<RawTerminal> EnterAsync(CancellationToken ct)
    {
        if (Console.IsInputRedirected)
        {
            return new(null);
        }

        // stty works on its standard input, which must stay the terminal.
        var (code, before, _) = await HostCommand.CaptureAsync("/bin/sh", ["-c", "stty -g </dev/tty"], ct);
        if (code != 0)
        {
            return new(null);
        }

        await HostCommand.RunAsync("/bin/sh", ["-c", "stty raw -echo </dev/tty"], ct);
        return new(before.Trim());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_before is not null)
        {
            await HostCommand.RunAsync("/bin/sh", ["-c", $"stty {_before} </dev/tty"], CancellationToken.None);
        }
    }
}

using System.Globalization;

namespace Godwit.Tests.E2E.Support;

/// <summary>A process that hangs until this is disposed of.</summary>
internal sealed class Stopped : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly string _pid;

    private Stopped(string pid) => _pid = pid;

    public static async Task<Stopped> Async(int pid)
    {
        var stopped = new Stopped(pid.ToString(CultureInfo.InvariantCulture));
        (await Tool.RunAsync("/bin/kill", ["-STOP", stopped._pid], Limit)).Ok();
        return stopped;
    }

    public async ValueTask DisposeAsync() => (await Tool.RunAsync("/bin/kill", ["-CONT", _pid], Limit)).Ok();
}

using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Godwit.Integration.VirtApi;

/// <summary>Stands for one of QEMU's monitors: answers as it does, tells no events, and keeps what it was told.</summary>
internal sealed class FakeMonitor : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _playing;

    public FakeMonitor(string folder, string socket = "control.sock")
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, socket)));
        _listener.Listen();
        _playing = PlayAsync();
    }

    /// <summary>QEMU's run state.</summary>
    public string State { get; set; } = "running";

    /// <summary>The commands that QEMU got, questions left out.</summary>
    public List<string> Commands { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _playing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task PlayAsync()
    {
        while (true)
        {
            using var client = await _listener.AcceptAsync(_stop.Token);
            await using var stream = new NetworkStream(client);
            using var reader = new StreamReader(stream);
            await using var writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" };
            await writer.WriteLineAsync("""{"QMP":{"version":{"qemu":{"micro":2,"minor":0,"major":10},"package":""},"capabilities":["oob"]}}""");
            while (await reader.ReadLineAsync(_stop.Token) is { } line)
            {
                var command = JsonNode.Parse(line)!;
                await writer.WriteLineAsync($$"""{"return":{{Answer(command)}},"id":{{command["id"]!.ToJsonString()}}}""");
            }
        }
    }

    private string Answer(JsonNode command)
    {
        var name = command["execute"]!.GetValue<string>();
        switch (name)
        {
            case "qmp_capabilities":
                return "{}";
            case "query-status":
                return $$"""{"status":"{{State}}","running":{{(State == "running" ? "true" : "false")}}}""";
            case "query-chardev":
                return "[]";
            case "screendump":
                File.WriteAllText(Path.Combine(_folder, Path.GetFileName(command["arguments"]!["filename"]!.GetValue<string>())), "PNG!");
                return "{}";
            default:
                Commands.Add(name);
                State = name switch { "stop" => "paused", "cont" => "running", _ => State };
                return "{}";
        }
    }
}

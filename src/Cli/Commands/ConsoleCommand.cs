using System.CommandLine;
using System.Net.WebSockets;
using Godwit.Cli.Api;
using Godwit.Cli.Host;
using Godwit.Cli.Output;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit console</c>: the guest's serial console, interactive.</summary>
public static class ConsoleCommand
{
    /// <summary>Ctrl+], as telnet and virtctl have it.</summary>
    private const byte Escape = 0x1d;

    public static Command Build()
    {
        var vmi = new Argument<string>("VMI") { Description = "Virtual machine whose console is opened" };
        var @namespace = GlobalOptions.Namespace();
        var command = new Command("console", "Open a guest's serial console") { vmi, @namespace };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = ClusterAccess.Open(parsed);
            var key = new NamespacedName(parsed.GetValue(@namespace) ?? api.Namespace, parsed.GetRequiredValue(vmi));
            var found = await api.VmiAsync(key, ct);
            if (VmiFacts.Phase(found) != VmiPhases.Running)
            {
                throw new CliException($"The VMI {key.Name} is not running: its phase is {VmiFacts.Phase(found)}.", $"See what it printed: godwit logs {key.Name}");
            }

            WebSocket socket;
            try
            {
                socket = await api.ConnectWebSocketAsync(
                    $"/apis/subresources.kubevirt.io/v1/namespaces/{key.Namespace}/virtualmachineinstances/{key.Name}/console", ["plain.kubevirt.io"], ct);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                throw new CliException("This cluster does not serve consoles (subresources.kubevirt.io).", $"What the guest prints: godwit logs -f {key.Name}");
            }

            using (socket)
            {
                Say.Note($"Connected to {key.Name}. Press Ctrl+] to leave.");
                await using var terminal = await RawTerminal.EnterAsync(ct);
                await TalkAsync(socket, ct);
            }

            Say.Note("");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task TalkAsync(WebSocket socket, CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var receive = ReceiveAsync(socket, end.Token);
        var send = SendAsync(socket, end.Token);
        await Task.WhenAny(receive, send);
        await end.CancelAsync();
        try
        {
            await Task.WhenAll(receive, send).WaitAsync(TimeSpan.FromSeconds(1), ct);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or TimeoutException)
        {
            // One side has ended; a read of the terminal cannot be broken off and ends with the process.
        }
    }

    private static async Task ReceiveAsync(WebSocket socket, CancellationToken ct)
    {
        await using var output = Console.OpenStandardOutput();
        var buffer = new byte[8192];
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(), ct);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            await output.WriteAsync(buffer.AsMemory(0, result.Count), ct);
            await output.FlushAsync(ct);
        }
    }

    private static async Task SendAsync(WebSocket socket, CancellationToken ct)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[1024];
        while (await input.ReadAsync(buffer, ct) is var count and > 0)
        {
            var escape = Array.IndexOf(buffer, Escape, 0, count);
            var length = escape >= 0 ? escape : count;
            if (length > 0)
            {
                await socket.SendAsync(buffer.AsMemory(0, length), WebSocketMessageType.Binary, endOfMessage: true, ct);
            }

            if (escape >= 0)
            {
                return;
            }
        }
    }
}

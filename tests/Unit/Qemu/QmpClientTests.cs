using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Qemu;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Qemu;

/// <summary>Against a scripted monitor at the other end of a socket pair.</summary>
public sealed class QmpClientTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Out_of_band_execution_is_negotiated_when_it_is_offered()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        monitor.Received[0]["execute"]!.GetValue<string>().ShouldBe("qmp_capabilities");
        monitor.Received[0]["arguments"]!["enable"]!.ToJsonString().ShouldBe("""["oob"]""");
        monitor.Client.Greeting.Version.ToString().ShouldBe("10.0.2");
    }

    [Fact]
    public async Task Answers_find_their_commands_in_any_order()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        var first = monitor.Client.ExecuteAsync("first", cancellationToken: Ct);
        var second = monitor.Client.ExecuteAsync("second", cancellationToken: Ct);
        await monitor.ReceiveAsync(2);
        await monitor.SendAsync($$"""{"return":2,"id":{{monitor.IdOf("second")}}}""");
        await monitor.SendAsync($$"""{"return":1,"id":{{monitor.IdOf("first")}}}""");

        (await first).GetInt32().ShouldBe(1);
        (await second).GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task An_answer_that_came_counts_though_the_connection_has_ended_since()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        // More than the socket takes: the command is still being written when its answer comes.
        var quit = monitor.Client.ExecuteAsync("quit", new JsonObject { ["padding"] = new string('x', 8 << 20) }, cancellationToken: Ct);
        await monitor.SendAsync($$"""{"return":1,"id":{{monitor.IdOf("qmp_capabilities") + 1}}}""");
        monitor.EndOfTalk();
        await monitor.Client.Closed.WaitAsync(Ct);
        monitor.Hangup();

        (await quit).GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task An_error_has_its_class_and_words()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        var command = monitor.Client.ExecuteAsync("cont", cancellationToken: Ct);
        await monitor.ReceiveAsync(1);
        await monitor.SendAsync($$$"""{"error":{"class":"GenericError","desc":"Failed to get \"write\" lock"},"id":{{{monitor.IdOf("cont")}}}}""");

        var e = await Should.ThrowAsync<QmpException>(command);

        e.ErrorClass.ShouldBe("GenericError");
        e.Description.ShouldBe("Failed to get \"write\" lock");
    }

    [Fact]
    public async Task A_command_without_an_answer_ends_at_its_deadline_and_a_late_answer_is_dropped()
    {
        var clock = new FakeTimeProvider();
        await using var monitor = await ScriptedMonitor.StartAsync(new QmpClientOptions { Time = clock });
        var slow = monitor.Client.ExecuteAsync("slow", null, TimeSpan.FromSeconds(3), Ct);
        await monitor.ReceiveAsync(1);
        clock.Advance(TimeSpan.FromSeconds(3));
        (await Should.ThrowAsync<QmpUnavailableException>(slow)).TimedOut.ShouldBeTrue();

        await monitor.SendAsync($$"""{"return":1,"id":{{monitor.IdOf("slow")}}}""");
        var next = monitor.Client.ExecuteAsync("next", cancellationToken: Ct);
        await monitor.ReceiveAsync(1);
        await monitor.SendAsync($$"""{"return":7,"id":{{monitor.IdOf("next")}}}""");
        (await next).GetInt32().ShouldBe(7);
    }

    [Fact]
    public async Task A_blocked_monitor_gets_no_more_commands_but_still_takes_an_out_of_band_one()
    {
        var clock = new FakeTimeProvider();
        await using var monitor = await ScriptedMonitor.StartAsync(new QmpClientOptions { Time = clock });
        for (var i = 0; i < 6; i++)
        {
            var silent = monitor.Client.ExecuteAsync($"c{i}", null, TimeSpan.FromSeconds(1), Ct);
            await monitor.ReceiveAsync(1);
            clock.Advance(TimeSpan.FromSeconds(1));
            await Should.ThrowAsync<QmpUnavailableException>(silent);
        }

        (await Should.ThrowAsync<QmpUnavailableException>(monitor.Client.ExecuteAsync("c6", cancellationToken: Ct))).Message.ShouldContain("not sent");
        var yank = monitor.Client.YankMigrationAsync(Ct);
        await monitor.ReceiveAsync(1);
        monitor.Received[^1]["exec-oob"]!.GetValue<string>().ShouldBe("yank");
        await monitor.SendAsync($$$"""{"return":{},"id":{{{monitor.IdOf("yank")}}}}""");
        await yank;
    }

    [Fact]
    public async Task Commands_that_were_never_sent_do_not_count_as_unanswered()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        for (var i = 0; i < 10; i++)
        {
            (await Should.ThrowAsync<QmpUnavailableException>(monitor.Client.ExecuteAsync("late", null, TimeSpan.Zero, Ct))).Message
                .ShouldContain("no answer within");
        }

        var next = monitor.Client.ExecuteAsync("next", cancellationToken: Ct);
        await monitor.ReceiveAsync(1);
        await monitor.SendAsync($$"""{"return":7,"id":{{monitor.IdOf("next")}}}""");
        (await next).GetInt32().ShouldBe(7);
    }

    [Fact]
    public async Task A_wait_does_not_take_an_event_from_before_its_position()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        await monitor.SendAsync("""{"event":"MIGRATION","data":{"status":"completed"},"timestamp":{"seconds":1,"microseconds":2}}""");
        var old = await monitor.Client.Events.WaitAsync(0, e => e.IsMigration("completed"), TimeSpan.FromSeconds(5), Ct);
        old!.Timestamp.ShouldBe(DateTimeOffset.FromUnixTimeSeconds(1).AddMicroseconds(2));

        var position = monitor.Client.Events.Position;
        (await monitor.Client.Events.WaitAsync(position, e => e.IsMigration("completed"), TimeSpan.FromMilliseconds(20), Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task A_line_of_a_quarter_of_a_megabyte_is_read()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        var schema = monitor.Client.ExecuteAsync("query-qmp-schema", cancellationToken: Ct);
        await monitor.ReceiveAsync(1);
        await monitor.SendAsync($$"""{"return":"{{new string('x', 262_144)}}","id":{{monitor.IdOf("query-qmp-schema")}}}""");

        (await schema).GetString()!.Length.ShouldBe(262_144);
    }

    [Fact]
    public async Task A_line_beyond_the_cap_ends_the_connection_with_a_reason()
    {
        await using var monitor = await ScriptedMonitor.StartAsync(new QmpClientOptions { MaxLineBytes = 10_000 });
        await monitor.SendAsync(new string('x', 50_000));

        await monitor.Client.Closed.WaitAsync(Ct);
        monitor.Client.CloseReason!.ShouldContain("10000");
    }

    [Fact]
    public async Task When_QEMU_goes_all_who_wait_are_told()
    {
        await using var monitor = await ScriptedMonitor.StartAsync();
        var command = monitor.Client.ExecuteAsync("cont", cancellationToken: Ct);
        var wait = monitor.Client.Events.WaitAsync(0, _ => false, TimeSpan.FromSeconds(30), Ct);
        await monitor.ReceiveAsync(1);
        monitor.Hangup();

        (await Should.ThrowAsync<QmpUnavailableException>(command)).TimedOut.ShouldBeFalse();
        await Should.ThrowAsync<QmpUnavailableException>(wait);
        await Should.ThrowAsync<QmpUnavailableException>(monitor.Client.ExecuteAsync("more", cancellationToken: Ct));
    }

    [Fact]
    public async Task A_monitor_that_serves_somebody_else_is_told_by_its_silence()
    {
        var (ours, theirs) = await ScriptedMonitor.SocketsAsync();
        // Held, or the garbage collector would hang up.
        using var held = theirs;
        var e = await Should.ThrowAsync<QmpUnavailableException>(
            QmpClient.StartAsync(ours, new QmpClientOptions { ConnectDeadline = TimeSpan.FromMilliseconds(30) }, Ct));

        e.Message.ShouldContain("another client");
    }

    [Fact]
    public void Events_are_remembered_up_to_a_number()
    {
        var log = new QmpEventLog(3, TimeProvider.System);
        for (var i = 0; i < 5; i++)
        {
            log.Add($"E{i}", default, DateTimeOffset.UnixEpoch);
        }

        log.Position.ShouldBe(5);
        log.Since(0).Select(e => e.Name).ShouldBe(["E2", "E3", "E4"]);
    }

    private sealed class ScriptedMonitor : IAsyncDisposable
    {
        private readonly Socket _socket;
        private readonly StreamReader _reader;

        private ScriptedMonitor(Socket socket)
        {
            _socket = socket;
            _reader = new StreamReader(new NetworkStream(socket), Encoding.UTF8);
        }

        public QmpClient Client { get; private set; } = null!;

        public List<JsonObject> Received { get; } = [];

        public static async Task<ScriptedMonitor> StartAsync(QmpClientOptions? options = null)
        {
            var (ours, theirs) = await SocketsAsync();
            var monitor = new ScriptedMonitor(theirs);
            await monitor.SendAsync(
                """{"QMP":{"version":{"qemu":{"micro":2,"minor":0,"major":10},"package":""},"capabilities":["oob"]}}""");
            var starting = QmpClient.StartAsync(ours, options ?? new QmpClientOptions(), Ct);
            await monitor.ReceiveAsync(1);
            await monitor.SendAsync($$$"""{"return":{},"id":{{{monitor.IdOf("qmp_capabilities")}}}}""");
            monitor.Client = await starting;
            return monitor;
        }

        public static async Task<(Socket Ours, Socket Theirs)> SocketsAsync()
        {
            var folder = Directory.CreateTempSubdirectory("qmp-");
            using var listener = UnixPath.Listen(folder.FullName, "s");
            var ours = await UnixPath.ConnectAsync(folder.FullName, "s", Ct);
            var theirs = await listener.AcceptAsync(Ct);
            folder.Delete(recursive: true);
            return (ours, theirs);
        }

        public async Task ReceiveAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                Received.Add(JsonNode.Parse((await _reader.ReadLineAsync(Ct))!)!.AsObject());
            }
        }

        public long IdOf(string command)
        {
            if (Received.LastOrDefault(Is) is not { } found)
            {
                Received.Add(JsonNode.Parse(_reader.ReadLine()!)!.AsObject());
                return IdOf(command);
            }

            return found["id"]!.GetValue<long>();

            bool Is(JsonObject o) => (o["execute"] ?? o["exec-oob"])!.GetValue<string>() == command;
        }

        public async Task SendAsync(string line)
        {
            ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(line + "\r\n");
            while (bytes.Length > 0)
            {
                try
                {
                    bytes = bytes[await _socket.SendAsync(bytes, Ct)..];
                }
                catch (SocketException)
                {
                    // The client has hung up on what it was sent.
                    return;
                }
            }
        }

        public void Hangup() => _socket.Dispose();

        /// <summary>Says nothing more, and still takes what is sent.</summary>
        public void EndOfTalk() => _socket.Shutdown(SocketShutdown.Send);

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            _reader.Dispose();
            _socket.Dispose();
        }
    }
}

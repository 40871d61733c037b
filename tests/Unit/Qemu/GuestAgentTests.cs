using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Qemu;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Qemu;

/// <summary>Against a script at the other end of the channel, which says what qemu-ga says.</summary>
public sealed class GuestAgentTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_begins_behind_whatever_is_left_on_the_channel()
    {
        await using var guest = await ScriptedAgent.StartAsync(before: """{"return": "of an earlier client"}""" + "\n{\"half");
        var asked = guest.Client.OsInfoAsync(Ct);
        (await guest.CommandAsync()).ShouldBe("guest-get-osinfo");
        await guest.SayAsync("""{"return": {"id":"debian","name":"Debian GNU/Linux","pretty-name":"Debian GNU/Linux 13 (trixie)","version-id":"13","kernel-release":"6.12.1"}}""");

        var os = await asked;

        (os.Id, os.PrettyName, os.VersionId, os.KernelRelease).ShouldBe(("debian", "Debian GNU/Linux 13 (trixie)", "13", "6.12.1"));
    }

    [Fact]
    public async Task An_agent_that_refuses_is_heard_and_the_session_goes_on()
    {
        await using var guest = await ScriptedAgent.StartAsync();
        var asked = guest.Client.UsersAsync(Ct);
        await guest.CommandAsync();
        await guest.SayAsync("""{"error": {"class": "CommandNotFound", "desc": "The command guest-get-users has been disabled for this instance"}}""");
        (await Should.ThrowAsync<QmpException>(asked)).Description.ShouldContain("disabled");

        var next = guest.Client.FilesystemsAsync(Ct);
        await guest.CommandAsync();
        await guest.SayAsync("""{"return": [{"name":"vda1","mountpoint":"/","type":"ext4","used-bytes":5,"total-bytes":9,"disk":[{"serial":"S","bus-type":"virtio","bus":0}]}]}""");
        var root = (await next).ShouldHaveSingleItem();
        (root.Mountpoint, root.UsedBytes, root.TotalBytes, root.Disk[0].BusType).ShouldBe(("/", 5, 9, "virtio"));
    }

    [Fact]
    public async Task A_guest_that_does_not_answer_is_given_up_at_the_deadline_and_its_late_answer_is_nobodys()
    {
        var clock = new FakeTimeProvider();
        await using var guest = await ScriptedAgent.StartAsync(new GuestAgentOptions { Time = clock });
        var slow = guest.Client.HostNameAsync(Ct);
        await guest.CommandAsync();
        clock.Advance(TimeSpan.FromSeconds(5));
        (await Should.ThrowAsync<GuestAgentUnavailableException>(slow)).Message.ShouldContain("no answer within 5 s");

        await guest.SayAsync("""{"return": {"host-name": "late"}}""");
        await Should.ThrowAsync<GuestAgentUnavailableException>(guest.Client.HostNameAsync(Ct));
    }

    [Fact]
    public async Task A_guest_without_an_agent_is_given_up_at_the_deadline()
    {
        var clock = new FakeTimeProvider();
        var (ours, theirs) = await ScriptedAgent.SocketsAsync();
        using (theirs)
        {
            var starting = GuestAgentClient.StartAsync(ours, new GuestAgentOptions { Time = clock }, Ct);
            clock.Advance(TimeSpan.FromSeconds(5));
            await Should.ThrowAsync<GuestAgentUnavailableException>(starting);
        }
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[1]")]
    [InlineData("""{"return": 7}""")]
    public async Task What_cannot_be_understood_is_an_error_and_no_crash(string line)
    {
        await using var guest = await ScriptedAgent.StartAsync();
        var asked = guest.Client.InterfacesAsync(Ct);
        await guest.CommandAsync();
        await guest.SayAsync(line);

        var e = await Record.ExceptionAsync(() => asked);

        (e is QmpException or GuestAgentUnavailableException).ShouldBeTrue($"{e}");
    }

    [Fact]
    public async Task A_guest_that_never_ends_its_line_is_not_listened_to_for_ever()
    {
        await using var guest = await ScriptedAgent.StartAsync(new GuestAgentOptions { MaxReplyBytes = 100 });
        var asked = guest.Client.InfoAsync(Ct);
        await guest.CommandAsync();
        await guest.SayAsync(new string(' ', 200));

        (await Should.ThrowAsync<GuestAgentUnavailableException>(asked)).Message.ShouldContain("more than 100 bytes");
    }

    [Fact]
    public async Task A_reboot_is_not_waited_for()
    {
        await using var guest = await ScriptedAgent.StartAsync();

        await guest.Client.RebootAsync(Ct);

        (await guest.CommandAsync()).ShouldBe("guest-shutdown");
    }

    private sealed class ScriptedAgent : IAsyncDisposable
    {
        private readonly Socket _socket;
        private readonly NetworkStream _stream;

        private ScriptedAgent(Socket socket)
        {
            _socket = socket;
            _stream = new NetworkStream(socket);
        }

        public GuestAgentClient Client { get; private set; } = null!;

        public static async Task<ScriptedAgent> StartAsync(GuestAgentOptions? options = null, string before = "")
        {
            var (ours, theirs) = await SocketsAsync();
            var agent = new ScriptedAgent(theirs);
            await agent._stream.WriteAsync(Encoding.UTF8.GetBytes(before), Ct);
            var starting = GuestAgentClient.StartAsync(ours, options ?? new GuestAgentOptions(), Ct);
            var sync = await agent.ReadAsync();
            sync["execute"]!.GetValue<string>().ShouldBe("guest-sync-delimited");
            // An answer to somebody else's synchronisation comes first.
            await agent._stream.WriteAsync(new byte[] { 0xFF }, Ct);
            await agent.SayAsync("""{"return": -1}""");
            await agent._stream.WriteAsync(new byte[] { 0xFF }, Ct);
            await agent.SayAsync($$"""{"return": {{sync["arguments"]!["id"]!.ToJsonString()}}}""");
            agent.Client = await starting;
            return agent;
        }

        public static async Task<(Socket Ours, Socket Theirs)> SocketsAsync()
        {
            var folder = Directory.CreateTempSubdirectory("qga-");
            using var listener = UnixPath.Listen(folder.FullName, "s");
            var ours = await UnixPath.ConnectAsync(folder.FullName, "s", Ct);
            var theirs = await listener.AcceptAsync(Ct);
            folder.Delete(recursive: true);
            return (ours, theirs);
        }

        public async Task<string> CommandAsync() => (await ReadAsync())["execute"]!.GetValue<string>();

        public Task SayAsync(string line) => _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), Ct).AsTask();

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await _stream.DisposeAsync();
            _socket.Dispose();
        }

        private async Task<JsonObject> ReadAsync()
        {
            var line = new List<byte>();
            var one = new byte[1];
            while (await _stream.ReadAsync(one, Ct) == 1 && one[0] != (byte)'\n')
            {
                if (one[0] != 0xFF)
                {
                    line.Add(one[0]);
                }
            }

            return JsonNode.Parse(line.ToArray())!.AsObject();
        }
    }
}

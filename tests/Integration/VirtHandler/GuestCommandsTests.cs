using System.Net;
using System.Text;
using Godwit.Integration.VirtApi;
using Godwit.Machinery;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Subresources;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler;

/// <summary>What the agent does to QEMU when the API server is in the way.</summary>
public sealed class GuestCommandsTests : IAsyncDisposable
{
    private const string Vmi = """
        {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance",
         "metadata":{"name":"vm","namespace":"default","uid":"u","resourceVersion":"7"},
         "status":{"phase":"Running","nodeName":"node01","ownerPodUID":"pod","conditions":[CONDITIONS]MORE}}
        """;

    private readonly string _kubelet = Directory.CreateTempSubdirectory("godwit-commands-").FullName;
    private readonly FakeMonitor _qemu;

    public GuestCommandsTests() => _qemu = new FakeMonitor($"{_kubelet}/pods/pod/volumes/kubernetes.io~empty-dir/godwit");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(GuestCommand.Pause, "running", "stop,cont")]
    [InlineData(GuestCommand.Unpause, "paused", "cont,stop")]
    public async Task What_cannot_be_recorded_is_taken_back(GuestCommand command, string state, string told)
    {
        _qemu.State = state;
        var paused = """{"type":"Paused","status":"True","reason":"PausedByUser","message":"VMI was paused by user"}""";

        var answer = await RunAsync(command, _ => Text(Read(command == GuestCommand.Unpause ? paused : "")), _ => new(HttpStatusCode.ServiceUnavailable));

        answer.Code.ShouldBe(500);
        answer.Message.ShouldContain("taken back");
        string.Join(',', _qemu.Commands).ShouldBe(told);
        _qemu.State.ShouldBe(state);
    }

    [Theory]
    [InlineData("running", "system_reset")]
    [InlineData("paused", "system_reset")]
    [InlineData("guest-panicked", "system_reset,cont")]
    public async Task A_reset_lets_a_guest_run_again_unless_its_user_paused_it(string state, string told)
    {
        _qemu.State = state;

        (await RunAsync(GuestCommand.Reset, _ => Text(Read("")), _ => throw new InvalidOperationException("nothing is to be written"))).Code.ShouldBe(200);

        string.Join(',', _qemu.Commands).ShouldBe(told);
    }

    [Fact]
    public async Task A_record_that_changed_meanwhile_is_written_anew_even_when_a_migration_now_waits_for_the_monitor()
    {
        var writes = 0;

        var answer = await RunAsync(
            GuestCommand.Pause,
            reads => Text(reads < 3 ? Read("") : Read("", ""","migrationState":{"migrationUid":"m"}""").Replace("\"7\"", "\"8\"", StringComparison.Ordinal)),
            body =>
            {
                writes++;
                return body.Contains("\"8\"", StringComparison.Ordinal) ? Text(Read("")) : new(HttpStatusCode.Conflict);
            });

        answer.Code.ShouldBe(200, answer.Message);
        writes.ShouldBe(2);
        _qemu.Commands.ShouldBe(["stop"]);
    }

    [Fact]
    public async Task A_guest_that_moved_while_the_monitor_was_waited_for_is_not_touched()
    {
        var answer = await RunAsync(
            GuestCommand.Pause,
            reads => Text(reads < 2 ? Read("") : Read("").Replace("\"pod\"", "\"other\"", StringComparison.Ordinal)),
            _ => throw new InvalidOperationException("nothing is to be written"));

        answer.Code.ShouldBe(409);
        _qemu.Commands.ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        await _qemu.DisposeAsync();
        Directory.Delete(_kubelet, recursive: true);
    }

    private async Task<GuestAnswer> RunAsync(
        GuestCommand command, Func<int, HttpResponseMessage> read, Func<string, HttpResponseMessage> write)
    {
        using var http = new HttpClient(new Server(read, write));
        using var api = new ApiClient(http, new Uri("http://api.test/"));
        var commands = new GuestCommands(
            api,
            new VirtHandlerOptions { Node = "node01", KubeletRoot = _kubelet },
            new EventRecorder(api, "virt-handler", NullLogger.Instance),
            NullLogger.Instance,
            TimeProvider.System);
        return await commands.RunAsync(command, new("default", "vm"), Ct);
    }

    private static string Read(string conditions, string more = "") =>
        Vmi.Replace("CONDITIONS", conditions, StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal);

    private static HttpResponseMessage Text(string json) => new(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    private sealed class Server(Func<int, HttpResponseMessage> read, Func<string, HttpResponseMessage> write) : HttpMessageHandler
    {
        private int _reads;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.Method == HttpMethod.Get ? read(++_reads) : write(await request.Content!.ReadAsStringAsync(cancellationToken));
    }
}

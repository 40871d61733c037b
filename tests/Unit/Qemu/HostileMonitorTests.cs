using System.Net.Sockets;
using System.Text;
using CsCheck;
using Godwit.Qemu;
using Godwit.Unit.Machinery;
using Xunit;

namespace Godwit.Unit.Qemu;

/// <summary>A QEMU that answers rubbish: its guest may have broken out. Commands end with one of the two errors that callers wait for, and in time.</summary>
public sealed class HostileMonitorTests
{
    private const string Greeting = """{"QMP":{"version":{"qemu":{"micro":2,"minor":0,"major":10},"package":""},"capabilities":["oob"]}}""";
    private static readonly TimeSpan Deadline = TimeSpan.FromMilliseconds(200);

    private static readonly QmpClientOptions Options = new() { ConnectDeadline = Deadline, CommandDeadline = Deadline, MaxLineBytes = 1 << 16 };

    [Fact]
    public async Task Whatever_it_says_each_question_ends_with_an_answer_or_with_an_error_of_the_monitor() =>
        await Rubbish.Of(
                Greeting,
                """{"return":{"status":"running","running":true},"id":2}""",
                """{"return":{"status":"active","ram":{"transferred":1,"remaining":2,"total":3,"dirty-sync-count":1},"total-time":5},"id":3}""",
                """{"return":[{"id":"m","type":"mirror","status":"ready","current-progress":1,"total-progress":2}],"id":4}""",
                """{"event":"MIGRATION","data":{"status":"completed"},"timestamp":{"seconds":1,"microseconds":2}}""",
                """{"error":{"class":"GenericError","desc":"no"},"id":2}""")
            .Array[0, 12]
            .SampleAsync(TalkAsync, iter: 400, threads: 1);

    private static async Task TalkAsync(string[] lines)
    {
        var folder = Directory.CreateTempSubdirectory("qmp-");
        try
        {
            using var listener = UnixPath.Listen(folder.FullName, "s");
            var ours = await UnixPath.ConnectAsync(folder.FullName, "s", CancellationToken.None);
            using var theirs = await listener.AcceptAsync();
            await SendAsync(theirs, [Greeting, """{"return":{},"id":1}""", .. lines]);
            theirs.Shutdown(SocketShutdown.Send);
            await using var client = await OrErrorAsync(() => QmpClient.StartAsync(ours, Options, CancellationToken.None));
            if (client is null)
            {
                return;
            }

            var status = OrErrorAsync(() => client.QueryStatusAsync(CancellationToken.None));
            var migration = OrErrorAsync(() => client.QueryMigrateAsync(CancellationToken.None));
            var jobs = OrErrorAsync(() => client.QueryJobsAsync(CancellationToken.None));
            await Task.WhenAll(status, migration, jobs).WaitAsync(TimeSpan.FromSeconds(10));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task SendAsync(Socket socket, IEnumerable<string> lines)
    {
        try
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(lines.Select(static l => l.Replace('\n', ' ') + "\r\n"))));
        }
        catch (SocketException)
        {
            // The client has hung up on what it was sent.
        }
    }

    private static async Task<T?> OrErrorAsync<T>(Func<Task<T>> question)
        where T : class
    {
        try
        {
            return await question();
        }
        catch (Exception e) when (e is QmpException or QmpUnavailableException)
        {
            return null;
        }
    }
}

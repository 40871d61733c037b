using System.Threading.Channels;
using Godwit.Integration.VirtApi;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Host;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler;

/// <summary>What the agent knows of the guests on its node, and how old that may be.</summary>
public sealed class GuestWatchersTests : IAsyncDisposable
{
    private static readonly NamespacedName Vmi = new("default", "vm");
    private readonly PodPlace _place = new(Directory.CreateTempSubdirectory("godwit-watchers-").FullName, "pod");
    private readonly FakeMonitor _qemu;
    private readonly Channel<NamespacedName> _changes = Channel.CreateUnbounded<NamespacedName>();
    private readonly GuestWatchers _watchers;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public GuestWatchersTests()
    {
        _qemu = new FakeMonitor(_place.Folder, DomainFolder.WatchSocket);
        _watchers = new GuestWatchers(key => _changes.Writer.TryWrite(key), new QmpClientOptions(), NullLogger.Instance, TimeProvider.System);
        _running = _watchers.RunAsync(_stop.Token);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_look_sees_what_no_event_has_told_yet()
    {
        _watchers.Ensure(_place, Vmi).ShouldBeNull();
        (await _changes.Reader.ReadAsync(Ct)).ShouldBe(Vmi);
        _watchers.Ensure(_place, Vmi)!.RunState.ShouldBe(RunStates.Running);

        _qemu.State = RunStates.Paused;

        _watchers.Ensure(_place, Vmi)!.RunState.ShouldBe(RunStates.Running, "nothing has told of it");
        (await _watchers.LookAsync(_place, Ct)).ShouldNotBeNull().RunState.ShouldBe(RunStates.Paused);
        (await _changes.Reader.ReadAsync(Ct)).ShouldBe(Vmi);
        _watchers.Ensure(_place, Vmi)!.RunState.ShouldBe(RunStates.Paused);
    }

    [Fact]
    public async Task There_is_no_answer_for_a_pod_that_nobody_listens_to() => (await _watchers.LookAsync(_place, Ct)).ShouldBeNull();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _qemu.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_place.KubeletRoot, recursive: true);
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// The target's part in keeping connections: listens in the pod for the pods that have flows of the guest, makes its ends of their tunnels,
/// and puts what their conntrack knows into its own.
/// </summary>
internal sealed partial class TargetForwarding(ForwardingTools tools, LocalPod local, int launcherPid, string migrationUid, RecordKeeper record) : IAsyncDisposable
{
    private const int MostCallers = ForwardingNames.MostMarks;
    private static readonly TimeSpan GreetingDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PredecessorDeadline = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LateDeadline = ForwarderDecision.LatestFollow;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>So long, at most, the word that QEMU listens waits for this to listen too.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _callers = new();
    private readonly HashSet<string> _expected = new(StringComparer.Ordinal);
    private readonly ChangeSignal _came = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _work;

    /// <summary>
    /// Goes on listening for a while after the guest has arrived, for pods that forwarded to the source and have not come yet: their agent may
    /// be starting again.
    /// </summary>
    public async Task LingerAsync(CancellationToken cancellationToken)
    {
        try
        {
            string[] missing;
            var pod = tools.Of(local.Uid, local.Folder, launcherPid);
            // An agent that came back when the guest was arriving does not know yet who may come.
            await ListeningAsync(cancellationToken);
            lock (_expected)
            {
                missing = [.. _expected.Where(ip => pod.State.Incoming.All(t => t.SourceIp != ip))];
            }

            if (_work is not null && missing.Length > 0)
            {
                LogLingers(tools.Logger, migrationUid, string.Join(", ", missing));
                foreach (var address in missing)
                {
                    await ExpectAsync(address, cancellationToken);
                }

                using var deadline = new CancellationTokenSource(LateDeadline, tools.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
                await _came.UntilAsync(() => missing.All(ip => pod.State.Incoming.Any(t => t.SourceIp == ip)), either.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await tools.Network.RevokeMigrationAsync(launcherPid, cancellationToken);
            }
        }
        catch (Exception e)
        {
            // The guest is here, and those who forwarded to the source find out by themselves.
            LogLingering(tools.Logger, migrationUid, e.Message);
        }

        await DisposeAsync();
    }

    /// <summary>Begins to listen, unless it does already or nothing is to be kept.</summary>
    public void Listen(VirtualMachineInstance vmi, MigrationState state)
    {
        if (_work is null && ForwardingSettings.For(vmi, state) is { } settings)
        {
            _work = Task.Run(() => WorkAsync(settings), CancellationToken.None);
        }
    }

    /// <summary>
    /// Waits until it listens, or is known not to; not for long. A source that came sooner would be sent on to the guest, with all that it
    /// sends again: the pod's conntrack keeps to what its rules said first.
    /// </summary>
    public Task ListeningAsync(CancellationToken cancellationToken) =>
        _work is null ? Task.CompletedTask : Task.WhenAny(_listening.Task, Task.Delay(Patience, tools.Time, cancellationToken));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_work is { } work)
        {
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(_callers.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WorkAsync(ForwardingSettings settings)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ServeAsync(settings, _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogProblem(tools.Logger, migrationUid, e.Message);
                _listening.TrySetResult();
            }

            await Task.Delay(Retry, tools.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(ForwardingSettings settings, CancellationToken cancellationToken)
    {
        var state = record.Vmi.Migration() ?? throw new MigrationException("the record is not about a migration any more");
        var credentials = state.UsesTls() ? await record.Record.CredentialsAsync(migrationUid, cancellationToken) : null;
        var source = await record.Record.PodEndAsync(state.SourcePod ?? "", cancellationToken);
        if (source is null || (state.UsesTls() && credentials is null))
        {
            throw new MigrationException(source is null ? "the source pod has no address" : "the migration's certificates are not there");
        }

        var pod = tools.Of(local.Uid, local.Folder, launcherPid);
        await ExpectAsync(source.Ip, cancellationToken);
        using var listener = pod.Sockets.ListenTcp(IPAddress.Parse(local.Ip), ForwardingNames.HandoverPort);
        _listening.TrySetResult();
        while (true)
        {
            var socket = await listener.AcceptAsync(cancellationToken);
            if (_callers.Count >= MostCallers)
            {
                socket.Dispose();
                continue;
            }

            var caller = Task.Run(() => AnswerAsync(socket, pod, settings, credentials, state), CancellationToken.None);
            _callers[caller] = true;
            _ = caller.ContinueWith(done => _callers.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task AnswerAsync(Socket socket, PodTunnels pod, ForwardingSettings settings, MigrationCredentials? credentials, MigrationState state)
    {
        var from = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        try
        {
            using var greeting = new CancellationTokenSource(GreetingDeadline, tools.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, greeting.Token);
            await using var inner = new NetworkStream(socket, ownsSocket: true);
            await using var channel = new HandoverChannel(
                await HandoverSecurity.AsServerAsync(inner, credentials, state.SourcePodUID ?? "", tools.Time, either.Token));
            var hello = HandoverChannel.Read(await channel.ExpectAsync(HandoverMessage.Hello, either.Token), ForwardingJson.Default.HandoverHello);
            if (HandoverRules.Refusal(hello, from, migrationUid, settings.Guest, Expected()) is { } refusal)
            {
                LogRefused(tools.Logger, migrationUid, from, refusal);
                await channel.SendAsync(HandoverMessage.Welcome, new HandoverWelcome { Refusal = refusal }, ForwardingJson.Default.HandoverWelcome, either.Token);
                return;
            }

            var newest = hello.PodUid == state.SourcePodUID;
            if (HandoverRules.Earlier(hello, pod.State.Incoming) is not { } tunnel)
            {
                tunnel = TunnelFor(hello, pod.State);
                await pod.AddIncomingAsync(tunnel, newest, either.Token);
            }

            foreach (var predecessor in newest ? hello.Predecessors : [])
            {
                await ExpectAsync(predecessor, either.Token);
            }

            var welcome = new HandoverWelcome { Vni = tunnel.Vni, Probe = tunnel.Probe, Mac = tunnel.TargetMac, PodUid = local.Uid };
            await channel.SendAsync(HandoverMessage.Welcome, welcome, ForwardingJson.Default.HandoverWelcome, either.Token);
            tools.Tell(local.Uid);
            _came.Raise();
            await HearAsync(channel, pod, tunnel, hello.Predecessors);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or SocketException or AuthenticationException or KernelException or HostToolException or OperationCanceledException)
        {
            if (!_stop.IsCancellationRequested)
            {
                LogCaller(tools.Logger, migrationUid, from, e.Message);
            }
        }
    }

    private async Task HearAsync(HandoverChannel channel, PodTunnels pod, Tunnel tunnel, IReadOnlyList<string> predecessors)
    {
        while (await channel.ReadAsync(_stop.Token) is var (kind, content))
        {
            var answer = "";
            switch (kind)
            {
                case HandoverMessage.Mtu:
                    var mtu = Math.Clamp(HandoverChannel.Number(content), 576, tunnel.Mtu);
                    await pod.ResizeAsync(tunnel, tunnel.IncomingDevice, mtu, _stop.Token);
                    tunnel = tunnel with { Mtu = mtu };
                    break;
                case HandoverMessage.Flows:
                    var outcome = pod.Write(HandoverRules.Taken(ConntrackWire.Decode(content), tunnel.Guest));
                    answer = outcome.Refused > 0 ? $"{outcome.Refused} of {outcome.Written + outcome.Refused}: {outcome.FirstError}" : "";
                    break;
                case HandoverMessage.Ended:
                    pod.Delete(HandoverRules.Taken(ConntrackWire.Decode(content), tunnel.Guest));
                    break;
                case HandoverMessage.Await:
                    await AwaitAsync(pod, predecessors);
                    break;
                default:
                    throw new InvalidDataException($"{kind} came where flows were expected");
            }

            await channel.SendAsync(HandoverMessage.Done, HandoverChannel.Text(answer), _stop.Token);
        }
    }

    // The guest may move without them in the end: they would have been heard by now.
    private async Task AwaitAsync(PodTunnels pod, IReadOnlyList<string> predecessors)
    {
        using var deadline = new CancellationTokenSource(PredecessorDeadline, tools.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, deadline.Token);
        await _came.UntilAsync(() => predecessors.All(ip => pod.State.Incoming.Any(t => t.SourceIp == ip)), either.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Its own network's rules send everything to the guest, but for what is expected.
    private async Task ExpectAsync(string address, CancellationToken cancellationToken)
    {
        lock (_expected)
        {
            _expected.Add(address);
        }

        await tools.Network.AllowMigrationAsync(launcherPid, address, [ForwardingNames.HandoverPort], cancellationToken);
    }

    private HashSet<string> Expected()
    {
        lock (_expected)
        {
            return [.. _expected];
        }
    }

    private Tunnel TunnelFor(HandoverHello hello, ForwardingState state)
    {
        var taken = hello.Avoid.Concat(state.Incoming.Concat(state.Outgoing).Select(t => t.Probe)).ToHashSet();
        int probe;
        do
        {
            probe = RandomNumberGenerator.GetInt32(1, ForwardingNames.ProbePairs);
        }
        while (taken.Contains(probe));

        return new Tunnel
        {
            MigrationUid = migrationUid,
            Mark = hello.Mark,
            Vni = RandomNumberGenerator.GetInt32(1, 1 << 24),
            Probe = probe,
            SourceIp = hello.PodIp,
            SourceMac = Handover.MacOf(System.Net.NetworkInformation.PhysicalAddress.Parse(hello.Mac).GetAddressBytes()),
            SourcePod = hello.Pod,
            SourcePodUid = hello.PodUid,
            TargetIp = local.Ip,
            TargetMac = Handover.NewMac(),
            TargetPodUid = local.Uid,
            Guest = hello.Guest,
            Mtu = hello.Mtu,
        };
    }

    [LoggerMessage(360, LogLevel.Warning, "Migration {Uid} target: cannot listen for open connections, and tries again: {Problem}")]
    private static partial void LogProblem(ILogger logger, string uid, string problem);

    [LoggerMessage(363, LogLevel.Information, "Migration {Uid} target: the guest is here, and its flows by way of {Missing} are still waited for")]
    private static partial void LogLingers(ILogger logger, string uid, string missing);

    [LoggerMessage(364, LogLevel.Information, "Migration {Uid} target: what came late by way of former pods is waited for no more: {Reason}")]
    private static partial void LogLingering(ILogger logger, string uid, string reason);

    [LoggerMessage(361, LogLevel.Warning, "Migration {Uid} target: {From} wanted to hand connections over and was refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string uid, IPAddress from, string reason);

    [LoggerMessage(362, LogLevel.Information, "Migration {Uid} target: the hand-over of connections from {From} has ended: {Reason}")]
    private static partial void LogCaller(ILogger logger, string uid, IPAddress from, string reason);
}

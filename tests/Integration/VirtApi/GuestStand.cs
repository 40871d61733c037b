using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Console;
using Godwit.VirtHandler.Subresources;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>
/// A VMI that runs on a node whose agent serves it, with sockets that stand for its QEMU: the monitor answers as QEMU does and
/// keeps what it was told.
/// </summary>
internal sealed class GuestStand : IAsyncDisposable
{
    private readonly VirtApiFixture _cluster;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _sockets = [];
    private readonly string _name;
    private readonly FakeMonitor _monitor;
    private Task _agent = Task.CompletedTask;

    private GuestStand(VirtApiFixture cluster, string name)
    {
        _cluster = cluster;
        _name = name;
        Folder = Path.Combine(cluster.Folder, "k", "pods", name, "volumes/kubernetes.io~empty-dir/godwit");
        _monitor = new FakeMonitor(Folder);
    }

    public string Folder { get; }

    /// <summary>QEMU's run state.</summary>
    public string State
    {
        get => _monitor.State;
        set => _monitor.State = value;
    }

    /// <summary>The commands that QEMU got, questions left out.</summary>
    public List<string> Commands => _monitor.Commands;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NamespacedName Key => new("default", _name);

    public static async Task<GuestStand> StartAsync(VirtApiFixture cluster, string name, string devices = "{}")
    {
        var stand = new GuestStand(cluster, name);
        await cluster.CreateAsync($$"""{apiVersion: v1, kind: Node, metadata: {name: node-{{name}} } }""");
        await cluster.CreateAsync($$$"""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstance
            metadata: {name: {{{name}}}, namespace: default}
            spec: {domain: {memory: {guest: 64Mi}, devices: {{{devices}}} } }
            """);
        await stand.PatchAsync($$"""{status: {phase: Running, nodeName: node-{{name}}, ownerPodUID: {{name}} } }""");
        var options = new VirtHandlerOptions { Node = $"node-{name}", KubeletRoot = Path.Combine(cluster.Folder, "k") };
        var events = new EventRecorder(cluster.Handler, "virt-handler", NullLogger.Instance);
        var endpoints = new GuestEndpoints(
            new GuestCommands(cluster.Handler, options, events, NullLogger.Instance, TimeProvider.System),
            new GuestScreens(cluster.Handler, options, TimeProvider.System),
            new GuestQuestions(cluster.Handler, options, TimeProvider.System));
        stand._agent = new ConsoleServer(
            cluster.Handler, options, NullLoggerFactory.Instance, NullLogger.Instance, TimeProvider.System, endpoints.Map).RunAsync(stand._stop.Token);
        await cluster.ServedAsync(Ct);
        await cluster.AnnouncedAsync($"node-{name}", Ct);
        return stand;
    }

    /// <summary>What the status is to be besides, as YAML.</summary>
    public Task PatchAsync(string yaml) => _cluster.Handler.PatchAsync(Kinds.VirtualMachineInstance, Key, PatchKind.Merge, Yaml.Parse(yaml)!, ct: Ct);

    public Task<VirtualMachineInstance> ReadAsync() =>
        _cluster.Admin.GetAsync(Kinds.VirtualMachineInstance, Key, TypesJson.Default.VirtualMachineInstance, ct: Ct);

    public string Address(string subresource, string version = "v1") =>
        $"/apis/subresources.kubevirt.io/{version}/namespaces/default/virtualmachineinstances/{_name}/{subresource}";

    public async Task<(int Code, string Body)> SendAsync(HttpMethod method, string subresource, string? body = null, ApiClient? user = null, string version = "v1")
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await (user ?? _cluster.Admin).SendRawAsync(method, Address(subresource, version), content, "*/*", Ct);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Ct));
    }

    public async Task<(int Code, string Message)> PutAsync(string subresource, string? body = "{}", ApiClient? user = null, string version = "v1")
    {
        var (code, text) = await SendAsync(HttpMethod.Put, subresource, body, user, version);
        return (code, code == 200 ? text : JsonNode.Parse(text).Text("message") ?? text);
    }

    public Socket Listen(string socket)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(Folder, socket)));
        listener.Listen();
        _sockets.Add(listener);
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _sockets.ForEach(static socket => socket.Dispose());
        await Should.ThrowAsync<OperationCanceledException>(_agent);
        await _monitor.DisposeAsync();
        _stop.Dispose();
    }
}

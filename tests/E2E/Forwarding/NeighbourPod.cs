using System.Net;
using System.Net.Sockets;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>A pod without a guest, and sockets in it. It goes with its namespace.</summary>
internal sealed class NeighbourPod : IDisposable
{
    private const string Name = "neighbour";
    private const string Program = "busybox";

    /// <summary>That of launchers: the one with a program to run that all nodes have.</summary>
    private static readonly string Image = $"godwit/virt-launcher:{typeof(Guest).Assembly.GetName().Version?.ToString(3)}";
    private readonly PodSockets _sockets;

    private NeighbourPod(PodSockets sockets, IPAddress address)
    {
        _sockets = sockets;
        Listener = sockets.ListenTcp(address, 0);
    }

    /// <summary>Listens at the pod's address.</summary>
    public Socket Listener { get; }

    public static async Task<NeighbourPod> StartAsync(TestCluster cluster, string @namespace)
    {
        await Guest.EnsureNamespaceAsync(cluster, @namespace);
        (await cluster.KubectlAsync(["create", "-n", @namespace, "-f", "-"], $$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: {{Name}}}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: main, image: {{Image}}, imagePullPolicy: IfNotPresent, command: [/bin/{{Program}}, sleep, "600"]}]
            """)).Ok();
        (await cluster.KubectlAsync(["wait", "-n", @namespace, $"pod/{Name}", "--for=condition=Ready", "--timeout=60s"])).Ok();
        var pod = await cluster.Api.GetAsync(Kinds.Pod, new(@namespace, Name));
        var process = await ProcessAsync(pod.Text("metadata", "uid").ShouldNotBeNull());
        return new(PodSockets.Open(process), IPAddress.Parse(pod.Text("status", "podIP").ShouldNotBeNull()));
    }

    /// <summary>A container counts as started a moment before its process becomes the program.</summary>
    private static async Task<int> ProcessAsync(string podUid)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        int? process;
        while ((process = PodProcesses.InPod(podUid, Program)) is null)
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"no {Program} runs in pod {Name}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }

        return process.Value;
    }

    public Socket NewTcp() => _sockets.NewTcp();

    public void Dispose()
    {
        Listener.Dispose();
        _sockets.Dispose();
    }
}

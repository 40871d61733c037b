using System.Diagnostics;
using System.Net.Sockets;
using Godwit.Tests.E2E.Support;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>Sockets in the network of a node, as a program on the node itself has them.</summary>
internal sealed class NodeSockets : IDisposable
{
    private readonly Process _holder;
    private readonly PodSockets _sockets;

    private NodeSockets(Process holder)
    {
        _holder = holder;
        _sockets = PodSockets.Open(holder.Id);
    }

    public static async Task<NodeSockets> OfAsync(ClusterFixture cluster, string node)
    {
        var holder = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", $"{cluster.Name}-{node}", "sh", "-c", "echo in; exec sleep 600"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        (await holder.StandardOutput.ReadLineAsync(CancellationToken.None)).ShouldBe("in", $"the network of {node} cannot be entered");
        return new(holder);
    }

    public Socket NewTcp() => _sockets.NewTcp();

    public void Dispose()
    {
        _sockets.Dispose();
        _holder.Kill();
        _holder.WaitForExit();
        _holder.Dispose();
    }
}

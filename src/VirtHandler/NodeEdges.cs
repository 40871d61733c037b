using Godwit.Qemu;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler;

/// <summary>Where the agent's work on guests meets its node: programs, pods' networks and processes, QEMU's monitors.</summary>
public sealed record NodeEdges(IHostTools Tools, IPodNetwork Network, IPodLocator Locator, QmpClientOptions Monitors)
{
    /// <summary>Who decides the steps of migrations.</summary>
    public SwitchoverRules Rules { get; init; } = SwitchoverRules.Standard;

    /// <summary>Whether there are real networks, over which connections can be carried on.</summary>
    public bool Forwards { get; init; }

    /// <summary>The edges of the machine that this process runs on.</summary>
    public static NodeEdges OfHost(TimeProvider time)
    {
        var tools = new HostTools(time);
        return new NodeEdges(tools, new PodNetwork(tools), new PodLocator(), new QmpClientOptions { Time = time }) { Forwards = true };
    }
}

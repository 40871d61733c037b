using System.Net;
using Godwit.VirtHandler.Forwarding.Kernel;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>The flows of a guest in its pod: listed while there is time, followed when there is none. Not for several threads at once.</summary>
internal sealed class FlowFollower(PodTunnels pod, IPAddress guest) : IDisposable
{
    private readonly ConntrackEvents _events = pod.Sockets.OpenConntrackEvents();
    private readonly FollowedFlows _flows = new();

    public void Dispose() => _events.Dispose();

    /// <summary>Lists them, which takes the kernel some milliseconds.</summary>
    /// <exception cref="KernelException">The kernel refuses or does not answer.</exception>
    public IReadOnlyList<ConntrackEntry> List()
    {
        _events.Read(guest, _flows);
        _flows.Renew(pod.Flows(guest));
        return _flows.All;
    }

    /// <summary>What they have become, without a listing where that is as good; for the time when the guest stands still.</summary>
    /// <exception cref="KernelException">The kernel refuses or does not answer.</exception>
    public IReadOnlyList<ConntrackEntry> Latest()
    {
        _events.Read(guest, _flows);
        return _flows.IsSure ? _flows.All : List();
    }
}

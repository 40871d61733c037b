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
    public FlowChanges List()
    {
        _events.Read(guest, _flows);
        _flows.Renew(pod.Flows(guest));
        return new(About: null, _flows.All);
    }

    /// <summary>
    /// What has changed since the last time, without a listing where that is as good; for the time when the guest stands still, in which
    /// 65,000 flows are too many to be gone through.
    /// </summary>
    /// <exception cref="KernelException">The kernel refuses or does not answer.</exception>
    public FlowChanges Latest()
    {
        _events.Read(guest, _flows);
        return _flows.IsSure ? _flows.TakeChanges() : List();
    }
}

using Godwit.DevicePlugins;
using Grpc.Core;

namespace Godwit.VirtHandler.Devices;

/// <summary>Answers the kubelet for all devices; the socket on which it calls says which one is meant.</summary>
/// <param name="devices">By the path of the socket.</param>
/// <param name="health">Which of them can be given away.</param>
/// <param name="count">How many times each is offered.</param>
/// <param name="ended">Ends the streams, which otherwise never do.</param>
internal sealed class DevicePluginService(
    IReadOnlyDictionary<string, NodeDevice> devices, DeviceHealth health, int count, CancellationToken ended) : DevicePlugin.DevicePluginBase
{
    public override Task<DevicePluginOptions> GetDevicePluginOptions(Empty request, ServerCallContext context) => Task.FromResult(new DevicePluginOptions());

    public override async Task ListAndWatch(Empty request, IServerStreamWriter<ListAndWatchResponse> responseStream, ServerCallContext context)
    {
        var device = Of(context);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, ended);
        bool? told = null;
        try
        {
            while (true)
            {
                var next = health.Changed.Next;
                var now = health.IsHealthy(device);
                if (now != told)
                {
                    await responseStream.WriteAsync(device.Offer(count, now), either.Token);
                    told = now;
                }

                await next.WaitAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The kubelet went, or this agent ends: either will start anew.
        }
    }

    public override Task<AllocateResponse> Allocate(AllocateRequest request, ServerCallContext context)
    {
        var device = Of(context);
        var response = new AllocateResponse();
        response.ContainerResponses.AddRange(request.ContainerRequests.Select(_ => device.Grant()));
        return Task.FromResult(response);
    }

    // One is as good as any other: nothing is preferred.
    public override Task<PreferredAllocationResponse> GetPreferredAllocation(PreferredAllocationRequest request, ServerCallContext context)
    {
        var response = new PreferredAllocationResponse();
        foreach (var container in request.ContainerRequests)
        {
            var preferred = new ContainerPreferredAllocationResponse();
            preferred.DeviceIDs.AddRange(container.MustIncludeDeviceIDs.Concat(container.AvailableDeviceIDs).Distinct(StringComparer.Ordinal).Take(container.AllocationSize));
            response.ContainerResponses.Add(preferred);
        }

        return Task.FromResult(response);
    }

    public override Task<PreStartContainerResponse> PreStartContainer(PreStartContainerRequest request, ServerCallContext context) =>
        Task.FromResult(new PreStartContainerResponse());

    private NodeDevice Of(ServerCallContext context) => devices[UnixSocketServer.SocketOf(context)];
}

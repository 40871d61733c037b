using Godwit.DevicePlugins;
using Grpc.Core;

namespace Godwit.LocalCluster.Devices;

/// <summary>Takes the registrations of plug-ins.</summary>
internal sealed class RegistrationService(DeviceManager manager) : Registration.RegistrationBase
{
    public override Task<Empty> Register(RegisterRequest request, ServerCallContext context)
    {
        if (Problem(request) is { } problem)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, problem));
        }
        manager.Register(request);
        return Task.FromResult(new Empty());
    }

    /// <summary>What is wrong with a registration; null if nothing.</summary>
    public static string? Problem(RegisterRequest request)
    {
        if (request.Version != DevicePluginApi.Version)
        {
            return $"version {request.Version} is not supported; this kubelet speaks {DevicePluginApi.Version}";
        }
        var name = request.ResourceName.Split('/');
        if (name is not [{ Length: > 0 }, { Length: > 0 }] || name[0] == "kubernetes.io" || name[0].EndsWith(".kubernetes.io", StringComparison.Ordinal))
        {
            return $"resource_name {request.ResourceName} is not DOMAIN/NAME with a domain other than kubernetes.io";
        }
        return request.Endpoint.Length == 0 || request.Endpoint.Contains('/', StringComparison.Ordinal)
            ? $"endpoint \"{request.Endpoint}\" is not the name of a socket in this folder"
            : null;
    }
}

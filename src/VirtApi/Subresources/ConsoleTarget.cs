using System.Net;
using Godwit.Types;

namespace Godwit.VirtApi.Subresources;

/// <summary>Where a VMI's console is, decided from the VMI and its node. Pure.</summary>
/// <param name="Endpoint">The agent; null when there is no console now.</param>
/// <param name="Code">HTTP status of the refusal.</param>
/// <param name="Refusal">Why there is none.</param>
public sealed record ConsoleTarget(IPEndPoint? Endpoint, int Code = 0, string Refusal = "")
{
    public static ConsoleTarget Decide(VirtualMachineInstance vmi, Node? node, int port)
    {
        if (vmi.Status?.Phase != VmiPhases.Running || vmi.Status.NodeName is not { Length: > 0 } nodeName)
        {
            return new(Endpoint: null, 409, "VMI is not running");
        }

        if (vmi.Spec?.Domain?.Devices?.AutoattachSerialConsole == false)
        {
            return new(Endpoint: null, 400, "No serial consoles are present.");
        }

        return AgentAddress.Of(node, port) is { } endpoint
            ? new(endpoint)
            : new(Endpoint: null, 500, $"the address of node \"{nodeName}\" is not known");
    }
}

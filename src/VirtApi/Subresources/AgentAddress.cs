using System.Net;
using Godwit.Types;

namespace Godwit.VirtApi.Subresources;

/// <summary>Where a node's agent listens. Pure.</summary>
public static class AgentAddress
{
    /// <summary>Null when nothing is known of the node.</summary>
    public static IPEndPoint? Of(Node? node, int port)
    {
        if (node?.Metadata.Annotations?.GetValueOrDefault(Consoles.EndpointAnnotation) is { } text && IPEndPoint.TryParse(text, out var published))
        {
            return published;
        }

        var address = node?.Status?.Addresses?.FirstOrDefault(static a => a.Type == "InternalIP")?.Address;
        return IPAddress.TryParse(address, out var parsed) ? new IPEndPoint(parsed, port) : null;
    }
}

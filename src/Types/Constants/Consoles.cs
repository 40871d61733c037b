namespace Godwit.Types;

/// <summary>What virt-api and the agents must agree on so that a console finds its way.</summary>
public static class Consoles
{
    /// <summary>Port of the agent on its node's address.</summary>
    public const int HandlerPort = 8186;

    /// <summary>The WebSocket subprotocol: bytes as they are.</summary>
    public const string Subprotocol = "plain.kubevirt.io";

    /// <summary>Annotation of a node whose agent is not at the node's address: <c>address:port</c> where it is.</summary>
    public const string EndpointAnnotation = "godwit.dev/handler-endpoint";

    /// <summary>The Secret, in <see cref="Installation.Namespace"/>, with the agents' serving certificate.</summary>
    public const string HandlerSecret = "kubevirt-virt-handler-server-certs";

    /// <summary>The ConfigMap, in <see cref="Installation.Namespace"/>, with the authorities that both sides trust.</summary>
    public const string TrustConfigMap = "kubevirt-ca";

    /// <summary>Key of <see cref="TrustConfigMap"/>.</summary>
    public const string TrustKey = "ca-bundle";

    /// <summary>The name that an agent's certificate must carry: agents are found by address, which certificates do not follow.</summary>
    public const string HandlerName = "virt-handler.node.kubevirt";

    /// <summary>The name that a caller's certificate must carry.</summary>
    public const string CallerName = "virt-api.kubevirt.svc";

    /// <summary>Path of a VMI's console at its agent.</summary>
    public static string Path(string @namespace, string name) => Path(@namespace, name, "console");

    /// <summary>Path of any of a VMI's subresources at its agent.</summary>
    public static string Path(string @namespace, string name, string subresource) =>
        $"/v1/namespaces/{Uri.EscapeDataString(@namespace)}/virtualmachineinstances/{Uri.EscapeDataString(name)}/{subresource}";
}

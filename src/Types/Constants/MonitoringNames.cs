namespace Godwit.Types;

/// <summary>What the components must agree on so that their metrics can be read.</summary>
public static class MonitoringNames
{
    /// <summary>Stands before the names of metrics that KubeVirt has too.</summary>
    public const string Prefix = "kubevirt_";

    /// <summary>The Secret, in <see cref="Installation.Namespace"/>, with virt-controller's serving certificate.</summary>
    public const string ControllerSecret = "kubevirt-controller-certs";

    /// <summary>The name that virt-controller's certificate carries.</summary>
    public const string ControllerName = "virt-controller.kubevirt.svc";

    /// <summary>Annotation of a node whose agent does not serve metrics at the node's address: <c>address:port</c> where it does.</summary>
    public const string EndpointAnnotation = "godwit.dev/metrics-endpoint";
}

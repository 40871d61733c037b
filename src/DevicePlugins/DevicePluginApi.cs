namespace Godwit.DevicePlugins;

/// <summary>
/// The names by which a kubelet and its device plug-ins meet. Source: k8s.io/kubelet, pkg/apis/deviceplugin/v1beta1 (constants).
/// </summary>
public static class DevicePluginApi
{
    /// <summary>The only version that kubelets take.</summary>
    public const string Version = "v1beta1";

    /// <summary>The folder of all sockets, below the kubelet's root.</summary>
    public const string Folder = "device-plugins";

    /// <summary>The kubelet's own socket in that folder.</summary>
    public const string KubeletSocket = "kubelet.sock";

    /// <summary>The device can be given to a container.</summary>
    public const string Healthy = "Healthy";

    /// <summary>The device counts as there, but is given to nobody.</summary>
    public const string Unhealthy = "Unhealthy";
}

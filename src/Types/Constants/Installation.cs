namespace Godwit.Types;

/// <summary>Where the installation lives and who its components are.</summary>
public static class Installation
{
    public const string Namespace = "kubevirt";
    public const string KubeVirtName = "kubevirt";
    public const string ConfigMapName = "kubevirt-config";
    public const string ControllerServiceAccount = "kubevirt-controller";
    public const string ApiServiceAccount = "kubevirt-apiserver";
    public const string HandlerServiceAccount = "kubevirt-handler";
    public const string ControllerUser = "system:serviceaccount:kubevirt:kubevirt-controller";
    public const string ApiUser = "system:serviceaccount:kubevirt:kubevirt-apiserver";
    public const string HandlerUser = "system:serviceaccount:kubevirt:kubevirt-handler";

    /// <summary>Whether the user is one of Godwit's own components.</summary>
    public static bool IsComponent(string? user) => user is ControllerUser or ApiUser or HandlerUser;
}

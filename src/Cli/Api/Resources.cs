using Godwit.Machinery;

namespace Godwit.Cli.Api;

/// <summary>The kinds that the command reads and writes.</summary>
public static class Resources
{
    public static ResourceKind Node { get; } = new("", "v1", "nodes", "Node", Namespaced: false);

    public static ResourceKind Pod { get; } = new("", "v1", "pods", "Pod", Namespaced: true);

    public static ResourceKind Namespace { get; } = new("", "v1", "namespaces", "Namespace", Namespaced: false);

    public static ResourceKind Vmi { get; } = new("kubevirt.io", "v1", "virtualmachineinstances", "VirtualMachineInstance", Namespaced: true);

    public static ResourceKind Migration { get; } =
        new("kubevirt.io", "v1", "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration", Namespaced: true);

    public static ResourceKind MutatingWebhooks { get; } = new(
        "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", Namespaced: false);

    public static ResourceKind ValidatingWebhooks { get; } = new(
        "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", Namespaced: false);

    public static ResourceKind Deployment { get; } = new("apps", "v1", "deployments", "Deployment", Namespaced: true);

    public static ResourceKind Definition { get; } =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false);
}

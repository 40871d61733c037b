namespace Godwit.Cli.Install;

/// <summary>Says whether Godwit can be removed, and in which order its objects go. Pure.</summary>
public static class RemovalChecks
{
    private const int Shown = 5;

    /// <summary>What is in the way; null for nothing.</summary>
    public static InstallProblem? Decide(RemovalFacts facts, VirtualMachinesFate fate) => (facts, fate) switch
    {
        ({ Installed: false }, _) => new("Godwit is not installed here.", "'godwit install' brings it."),
        ({ AsPods: false }, _) => new("Godwit does not run as pods here: this cluster was made by 'godwit up'.", "'godwit down' ends both."),
        ({ VirtualMachines: [_, ..] machines }, VirtualMachinesFate.Unsaid) => new(
            $"{(machines.Count == 1 ? "There is one virtual machine" : $"There are {machines.Count} virtual machines")}: {string.Join(", ", machines.Take(Shown))}{(machines.Count > Shown ? ", …" : "")}.",
            "'--keep-vms' lets them run on without Godwit, '--delete-vms' ends and removes them. Nothing was changed."),
        _ => null,
    };

    /// <summary>What goes and when: first what would stand in the way of requests, then what works, last what the objects are made of.</summary>
    public static int Order(string? kind) => kind switch
    {
        "MutatingWebhookConfiguration" or "ValidatingWebhookConfiguration" or "APIService"
            or "ValidatingAdmissionPolicyBinding" or "ValidatingAdmissionPolicy" => 0,
        "Deployment" or "DaemonSet" => 1,
        "CustomResourceDefinition" => 3,
        "Namespace" => 4,
        _ => 2,
    };

    /// <summary>Virtual machines that are kept need their kinds, and Godwit's settings are kept for when it comes back.</summary>
    public static bool Stays(string? kind, VirtualMachinesFate fate) =>
        fate == VirtualMachinesFate.Keep && kind is ("CustomResourceDefinition" or "Namespace" or "KubeVirt");

    /// <summary>Labels and annotations of nodes that are Godwit's.</summary>
    public static bool IsOurs(string key) =>
        key.Split('/') is [var prefix, _] && (prefix == "kubevirt.io" || prefix.EndsWith(".kubevirt.io", StringComparison.Ordinal));
}

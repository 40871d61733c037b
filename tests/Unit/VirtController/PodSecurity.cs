using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Unit.VirtController;

/// <summary>
/// The pod security standards as a check of a pod. Source: the checks of k8s.io/pod-security-admission, under their own names; those of
/// Windows, and those for fields that no pod of ours can have, are left out.
/// </summary>
internal static class PodSecurity
{
    private static readonly string[] BaselineCapabilities =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
        "SETUID", "SYS_CHROOT",
    ];

    private static readonly string[] RestrictedVolumes =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    /// <summary>What stands against <c>baseline</c>.</summary>
    public static IReadOnlyList<string> Baseline(JsonObject pod)
    {
        var found = new List<string>();
        foreach (var field in (string[])["hostNetwork", "hostPID", "hostIPC"])
        {
            Add(found, pod.Flag("spec", field) == true, $"hostNamespaces: {field}");
        }

        foreach (var volume in Items(pod, "volumes"))
        {
            Add(found, volume.At("hostPath") is not null, $"hostPathVolumes: {volume.Text("name")}");
        }

        foreach (var container in Containers(pod))
        {
            var name = container.Text("name");
            Add(found, container.Flag("securityContext", "privileged") == true, $"privileged: {name}");
            Add(found, Words(container, "securityContext", "capabilities", "add").Except(BaselineCapabilities).Any(), $"capabilities_baseline: {name}");
            Add(found, container.At("ports")?.AsArray().Any(port => port.At("hostPort") is not null) == true, $"hostPorts: {name}");
            Add(found, container.Text("securityContext", "procMount") is not (null or "Default"), $"procMount: {name}");
        }

        foreach (var context in Contexts(pod))
        {
            Add(found, context.Text("seccompProfile", "type") == "Unconfined", "seccompProfile_baseline");
            Add(found, context.Text("appArmorProfile", "type") == "Unconfined", "appArmorProfile");
            Add(found, context.At("seLinuxOptions") is not null, "seLinuxOptions");
            Add(found, context.At("sysctls") is not null, "sysctls");
        }

        Add(
            found,
            pod.At("metadata", "annotations")?.AsObject().Any(a => a.Key.StartsWith("container.apparmor.security.beta.kubernetes.io/", StringComparison.Ordinal)) == true,
            "appArmorProfile");
        return found;
    }

    /// <summary>What stands against <c>restricted</c>, beyond <see cref="Baseline"/>.</summary>
    public static IReadOnlyList<string> Restricted(JsonObject pod)
    {
        var found = Baseline(pod).ToList();
        foreach (var volume in Items(pod, "volumes"))
        {
            Add(found, !volume!.AsObject().Any(field => RestrictedVolumes.Contains(field.Key)), $"restrictedVolumes: {volume.Text("name")}");
        }

        foreach (var container in Containers(pod))
        {
            var name = container.Text("name");
            Add(found, container.Flag("securityContext", "allowPrivilegeEscalation") != false, $"allowPrivilegeEscalation: {name}");
            Add(found, !Words(container, "securityContext", "capabilities", "drop").Contains("ALL"), $"capabilities_restricted: {name}");
            Add(found, Words(container, "securityContext", "capabilities", "add").Any(word => word != "NET_BIND_SERVICE"), $"capabilities_restricted: {name}");
            Add(found, (container.Flag("securityContext", "runAsNonRoot") ?? pod.Flag("spec", "securityContext", "runAsNonRoot")) != true, $"runAsNonRoot: {name}");
            var seccomp = container.Text("securityContext", "seccompProfile", "type") ?? pod.Text("spec", "securityContext", "seccompProfile", "type");
            Add(found, seccomp is not ("RuntimeDefault" or "Localhost"), $"seccompProfile_restricted: {name}");
        }

        foreach (var context in Contexts(pod))
        {
            Add(found, context.Integer("runAsUser") == 0, "runAsUser");
        }

        return found;
    }

    private static IEnumerable<JsonNode?> Items(JsonObject pod, string list) => pod.At("spec", list)?.AsArray() ?? [];

    private static IEnumerable<JsonNode?> Containers(JsonObject pod) => Items(pod, "initContainers").Concat(Items(pod, "containers"));

    private static IEnumerable<JsonNode?> Contexts(JsonObject pod) =>
        Containers(pod).Select(container => container.At("securityContext")).Append(pod.At("spec", "securityContext")).Where(context => context is not null);

    private static string[] Words(JsonNode? node, params string[] path) =>
        [.. (node.At(path)?.AsArray() ?? []).Select(word => word!.GetValue<string>())];

    private static void Add(List<string> found, bool isSo, string what)
    {
        if (isSo)
        {
            found.Add(what);
        }
    }
}

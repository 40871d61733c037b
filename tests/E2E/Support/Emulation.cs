using Godwit.Types;

namespace Godwit.Tests.E2E.Support;

/// <summary>Guests without KVM: not every machine that runs the tests has one that works.</summary>
internal static class Emulation
{
    /// <summary>
    /// Has guests emulated, once virt-controller has seen that: a launcher pod that it makes before asks for a device that no node has, and
    /// waits for it for ever.
    /// </summary>
    public static async Task UseAsync(TestCluster cluster)
    {
        string[] resource = ["kubevirt", "kubevirt", "-n", Installation.Namespace];
        var generation = (await cluster.KubectlAsync(
            [
                "patch", .. resource, "--type", "merge", "-o", "jsonpath={.metadata.generation}",
                "-p", """{"spec":{"configuration":{"developerConfiguration":{"useEmulation":true}}}}""",
            ])).Ok();
        (await cluster.KubectlAsync(["wait", .. resource, $"--for=jsonpath={{.status.observedGeneration}}={generation}", "--timeout=60s"])).Ok();
    }
}

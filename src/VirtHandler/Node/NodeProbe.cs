using Godwit.Qemu;

namespace Godwit.VirtHandler.Node;

/// <summary>Finds out what this node's QEMU can do.</summary>
public static class NodeProbe
{
    /// <summary>The facts, or the reason (with its remedy) why no guest can run here.</summary>
    public static async Task<(NodeFacts? Facts, string? Problem)> ProbeAsync(VirtHandlerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var accelerator = await Accelerator.ProbeAsync(options.QemuBinary, Cache("accelerator.json"), cancellationToken);
            var capabilities = await QemuCapabilities.ProbeAsync(options.QemuBinary, accelerator, Cache("qemu-capabilities.json"), cancellationToken, time);
            return (new NodeFacts(options.Node, options.QemuBinary, accelerator, capabilities), null);
        }
        catch (Exception e) when (e is NotSupportedException or IOException or QmpUnavailableException or QmpException)
        {
            return (null, e.Message);
        }

        string? Cache(string name) => Directory.Exists(options.KubeletRoot) ? Path.Combine(options.KubeletRoot, name) : null;
    }
}

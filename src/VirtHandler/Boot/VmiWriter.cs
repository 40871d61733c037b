using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Boot;

/// <summary>Writes changes of a VMI as the difference only, and only upon the very version that they were decided from.</summary>
public sealed class VmiWriter(ApiClient api)
{
    /// <summary>The VMI as stored; the given one when there was nothing to write. A newer version in between is a conflict.</summary>
    public async Task<VirtualMachineInstance> WriteAsync(VirtualMachineInstance before, VirtualMachineInstance after, CancellationToken cancellationToken)
    {
        var patch = Difference(before, after);
        if (patch.Count == 0)
        {
            return before;
        }

        patch["metadata"] = new JsonObject { ["resourceVersion"] = before.Metadata.ResourceVersion };
        return await api.PatchAsync(
            Kinds.VirtualMachineInstance,
            new NamespacedName(before.Metadata.Namespace!, before.Metadata.Name!),
            PatchKind.Merge,
            patch,
            TypesJson.Default.VirtualMachineInstance,
            ct: cancellationToken);
    }

    private static JsonObject Difference(VirtualMachineInstance before, VirtualMachineInstance after) =>
        MergePatch.Diff(ToJson(before), ToJson(after));

    private static JsonObject ToJson(VirtualMachineInstance vmi) => (JsonObject)JsonSerializer.SerializeToNode(vmi, TypesJson.Default.VirtualMachineInstance)!;
}

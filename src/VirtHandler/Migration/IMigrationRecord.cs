using System.Text.Json.Nodes;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The edge to the API server: the VMI's record, and what else a migration reads there.</summary>
public interface IMigrationRecord
{
    /// <summary>The VMI as it is now, from the server and not from a cache; null when it is gone.</summary>
    Task<VirtualMachineInstance?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Applies a JSON patch to the VMI. Null: a <c>test</c> in it did not hold; nothing was changed then.
    /// An exception: refused for another reason, or there was no answer and whether it took effect is unknown.
    /// </summary>
    Task<VirtualMachineInstance?> PatchAsync(JsonArray patch, CancellationToken cancellationToken);

    /// <summary>The addresses of a pod of the VMI's namespace; null when it has none, has ended, or is gone.</summary>
    Task<PodEnd?> PodEndAsync(string podName, CancellationToken cancellationToken);

    /// <summary>The certificates of a migration; null when there are none (yet).</summary>
    Task<MigrationCredentials?> CredentialsAsync(string migrationUid, CancellationToken cancellationToken);

    /// <summary>Tells users; never fails.</summary>
    void Event(VirtualMachineInstance vmi, string type, string reason, string message);
}

using System.Text.Json.Nodes;
using Godwit.Types;
using Godwit.VirtHandler.Migration;

namespace Godwit.Unit.VirtHandler.Migration;

/// <summary>A server that answers when the test says so.</summary>
internal sealed class PromisedRecord : IMigrationRecord
{
    public List<TaskCompletionSource<VirtualMachineInstance?>> Reads { get; } = [];

    public List<TaskCompletionSource<VirtualMachineInstance?>> Patches { get; } = [];

    public Task<VirtualMachineInstance?> ReadAsync(CancellationToken cancellationToken) => Promise(Reads, cancellationToken);

    public Task<VirtualMachineInstance?> PatchAsync(JsonArray patch, CancellationToken cancellationToken) => Promise(Patches, cancellationToken);

    public Task<PodEnd?> PodEndAsync(string podName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<MigrationCredentials?> CredentialsAsync(string migrationUid, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Event(VirtualMachineInstance vmi, string type, string reason, string message) => throw new NotSupportedException();

    private static Task<VirtualMachineInstance?> Promise(List<TaskCompletionSource<VirtualMachineInstance?>> asked, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<VirtualMachineInstance?>();
        asked.Add(answer);
        return answer.Task.WaitAsync(cancellationToken);
    }
}

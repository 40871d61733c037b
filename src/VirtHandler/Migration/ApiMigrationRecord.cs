using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The record of one VMI in the API server.</summary>
public sealed class ApiMigrationRecord(ApiClient api, EventRecorder events, NamespacedName vmi) : IMigrationRecord
{
    public Task<VirtualMachineInstance?> ReadAsync(CancellationToken cancellationToken) =>
        api.TryGetAsync(Kinds.VirtualMachineInstance, vmi, TypesJson.Default.VirtualMachineInstance, cancellationToken);

    public async Task<VirtualMachineInstance?> PatchAsync(JsonArray patch, CancellationToken cancellationToken)
    {
        try
        {
            return await api.PatchAsync(
                Kinds.VirtualMachineInstance, vmi, PatchKind.Json, patch, TypesJson.Default.VirtualMachineInstance, ct: cancellationToken);
        }
        catch (ApiException e) when (e.IsConflict || e.IsNotFound || (e.IsInvalid && !e.NamesFields))
        {
            return null;
        }
    }

    public async Task<PodEnd?> PodEndAsync(string podName, CancellationToken cancellationToken)
    {
        var pod = await api.TryGetAsync(Kinds.Pod, new NamespacedName(vmi.Namespace, podName), TypesJson.Default.Pod, cancellationToken);
        return pod?.IsFinished() == false && pod.Status?.PodIP is { } ip ? new PodEnd(ip, pod.Addresses(), DedicatedAddress.Of(pod.Metadata.Annotations)) : null;
    }

    public async Task<MigrationCredentials?> CredentialsAsync(string migrationUid, CancellationToken cancellationToken)
    {
        var name = new NamespacedName(Installation.Namespace, Launcher.MigrationSecretName(migrationUid));
        var secret = await api.TryGetAsync(Kinds.Secret, name, TypesJson.Default.Secret, cancellationToken);
        return secret?.Data is { } data
            ? new MigrationCredentials(
                Text(MigrationCredentials.CaKey),
                Text(MigrationCredentials.SourceCertificateKey),
                Text(MigrationCredentials.SourceKeyKey),
                Text(MigrationCredentials.TargetCertificateKey),
                Text(MigrationCredentials.TargetKeyKey))
            : null;

        string Text(string key) => data.TryGetValue(key, out var value)
            ? Encoding.ASCII.GetString(Convert.FromBase64String(value))
            : throw new MigrationException($"secret {name} has no {key}");
    }

    public void Event(VirtualMachineInstance vmi, string type, string reason, string message)
    {
        var about = new Machinery.ObjectReference(
            Kinds.VirtualMachineInstance.ApiVersion,
            Kinds.VirtualMachineInstance.Kind,
            new NamespacedName(vmi.Metadata.Namespace ?? "", vmi.Metadata.Name ?? ""),
            vmi.Metadata.Uid ?? "",
            vmi.Metadata.ResourceVersion ?? "");
        if (type == EventReasons.Warning)
        {
            events.Warning(about, reason, message);
        }
        else
        {
            events.Normal(about, reason, message);
        }
    }
}

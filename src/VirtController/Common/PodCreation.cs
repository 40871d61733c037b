using System.Text;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Makes launcher pods. A pod's name follows from what it is made for, so that a repeated decision, by this process or by
/// the next leader, finds the pod that is already there instead of making a second one.
/// </summary>
internal static class PodCreation
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int Suffix = 5;
    private const int NameLimit = 253;

    /// <summary>A name as the API server would have generated it, but the same each time.</summary>
    public static string NameFor(string prefix, string uid)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(uid));
        var suffix = string.Concat(hash.Take(Suffix).Select(b => Alphabet[b % Alphabet.Length]));
        return prefix[..Math.Min(prefix.Length, NameLimit - Suffix)] + suffix;
    }

    /// <summary>The pod, made now or before; whether it was made now.</summary>
    public static async Task<(Pod Pod, bool Fresh)> EnsureAsync(ApiClient api, Pod pod, CancellationToken ct)
    {
        try
        {
            return (await api.CreateAsync(Kinds.Pod, pod.Metadata.Namespace, pod, TypesJson.Default.Pod, ct: ct), true);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            var there = await api.GetAsync(Kinds.Pod, pod.Key(), TypesJson.Default.Pod, ct: ct);
            return there.Metadata.Label(Labels.CreatedBy) == pod.Metadata.Label(Labels.CreatedBy)
                && there.Metadata.Label(Labels.MigrationJobUid) == pod.Metadata.Label(Labels.MigrationJobUid)
                ? (there, false)
                : throw new TerminalException(
                    $"The pod {pod.Key()} exists, but is not the launcher of this VMI: delete it or rename the VMI.", e);
        }
    }

    /// <summary>Deletes exactly this pod; one that is gone, or a namesake, is left alone.</summary>
    public static Task<bool> DeleteAsync(ApiClient api, Pod pod, long? grace, CancellationToken ct) =>
        api.TryDeleteAsync(
            Kinds.Pod, pod.Key(), new DeleteOptions { Uid = pod.Metadata.Uid, GracePeriodSeconds = grace }, ct);
}

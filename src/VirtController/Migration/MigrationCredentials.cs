using System.Text;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Certificates for one migration: an authority of its own, whose key is thrown away at once, one certificate for each
/// end. Whoever gets hold of them can do nothing with any other migration.
/// </summary>
internal static class MigrationCredentials
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(7);

    public static Secret Create(MigrationState state, TimeProvider clock)
    {
        using var authority = CertificateAuthority.Create($"migration {state.MigrationUid}", Validity, clock);
        var source = Leaf(authority, state.SourcePodUID ?? "");
        var target = Leaf(authority, state.TargetPodUID ?? "");
        return new Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Type = "Opaque",
            Metadata = new ObjectMeta
            {
                Name = Launcher.MigrationSecretName(state.MigrationUid ?? ""),
                Namespace = Installation.Namespace,
                Labels = new Dictionary<string, string> { [Labels.MigrationJobUid] = state.MigrationUid ?? "" },
            },
            Data = new Dictionary<string, string>
            {
                ["ca.crt"] = Base64(authority.CertificatePem),
                ["source.crt"] = Base64(source.CertificatePem),
                ["source.key"] = Base64(source.KeyPem),
                ["target.crt"] = Base64(target.CertificatePem),
                ["target.key"] = Base64(target.KeyPem),
            },
        };
    }

    public static async Task EnsureAsync(ApiClient api, MigrationState state, TimeProvider clock, CancellationToken ct)
    {
        try
        {
            await api.CreateAsync(
                Kinds.Secret, Installation.Namespace, Create(state, clock), TypesJson.Default.Secret, ct: ct);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Made by an earlier try, for the same two pods.
        }
    }

    public static Task DeleteAsync(ApiClient api, string? migrationUid, CancellationToken ct) =>
        api.TryDeleteAsync(
            Kinds.Secret,
            new NamespacedName(Installation.Namespace, Launcher.MigrationSecretName(migrationUid ?? "")),
            ct: ct);

    // Either end may be client of one channel and server of another.
    private static CertificatePair Leaf(CertificateAuthority authority, string podUid) => authority.Issue(
        new LeafRequest(podUid) { DnsNames = [podUid], Server = true, Client = true, KeyEncipherment = true, Validity = Validity });

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

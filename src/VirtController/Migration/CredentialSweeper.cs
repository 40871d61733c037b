using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Removes certificates whose migration is gone without having been able to remove them itself.</summary>
internal sealed class CredentialSweeper(ApiClient api, Caches caches, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);

    public async Task RunAsync(CancellationToken ct)
    {
        await Task.WhenAll(caches.Synced.Select(wait => wait(ct)));
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            await SweepAsync(ct);
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    private async Task SweepAsync(CancellationToken ct)
    {
        try
        {
            var secrets = await api.ListAsync(
                Kinds.Secret,
                Installation.Namespace,
                TypesJson.Default.Secret,
                new ListOptions { LabelSelector = Labels.MigrationJobUid },
                ct);
            var alive = caches.Migrations.List()
                .Where(migration => !migration.IsFinal())
                .Select(migration => migration.Metadata.Uid)
                .ToHashSet(StringComparer.Ordinal);
            foreach (var secret in secrets.Items.Where(secret => !alive.Contains(secret.Metadata.Label(Labels.MigrationJobUid))))
            {
                await api.TryDeleteAsync(Kinds.Secret, secret.Key(), ct: ct);
            }
        }
        catch (ApiException)
        {
            // The next round finds them again.
        }
    }
}

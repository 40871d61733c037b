using Godwit.Types;

namespace Godwit.Tests.E2E.Support;

/// <summary>A cluster of three nodes that are switched off and on, which gives a silent one up sooner than others do.</summary>
public sealed class PowerCluster() : TestCluster("/var/lib/godwit-e2e-power")
{
    public const string Name = "godwitpwr";

    public override async ValueTask InitializeAsync()
    {
        Lacking = Missing();
        if (Lacking is not null)
        {
            return;
        }

        await GodwitAsync(["down"], UpLimit);
        (await GodwitAsync(["up", "--nodes", "3", "--node-monitor-grace-period", "8", "--name", Name, "--auto", "--yes", "--timeout", "90"], UpLimit)).Ok();
        await ConnectAsync();
        await Api.DeleteAsync(Kinds.ConfigMap, new(Installation.Namespace, Installation.ConfigMapName));
        await ImportGuestAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Lacking is null)
        {
            await GodwitAsync(["down"], UpLimit);
        }
    }
}

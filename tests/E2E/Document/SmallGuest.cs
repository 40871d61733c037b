using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;

namespace Godwit.Tests.E2E.Document;

/// <summary>Starts guests that are small enough for several at a time.</summary>
internal static class SmallGuest
{
    /// <summary>What a guest does that has little to do: emulated, each busy one would take a third of a processor from what is tested.</summary>
    public const string Calm = "mg.mem=32 mg.hot=4 mg.rate=1 mg.verify=4 mg.diskrate=1";

    public static Task<Guest> StartAsync(
        TestCluster cluster, string @namespace, string name, string work = Calm, Action<JsonObject>? change = null, bool migratable = true, bool booted = true) =>
        Guest.StartAsync(
            cluster,
            @namespace,
            name,
            "192Mi",
            change: vmi =>
            {
                var boot = vmi.Ensure("spec", "domain", "firmware", "kernelBoot");
                boot["kernelArgs"] = $"{Guest.Boot} {work} mg.disk=/dev/vda mg.ip=dhcp mg.echo=7 mg.tick=20";
                change?.Invoke(vmi);
            },
            migratable: migratable,
            booted: booted);

    /// <summary>A claim, and a change that puts the guest's disk on it.</summary>
    public static async Task<Action<JsonObject>> OnClaimAsync(TestCluster cluster, string @namespace, string claim, string accessMode)
    {
        await Guest.EnsureNamespaceAsync(cluster, @namespace);
        (await cluster.KubectlAsync(["create", "-n", @namespace, "-f", "-"], $$"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: {{claim}}}
            spec:
              accessModes: [{{accessMode}}]
              resources: {requests: {storage: 64Mi} }
            """)).Ok();
        return vmi => vmi.Ensure("spec")["volumes"] = new JsonArray(new JsonObject
        {
            ["name"] = "scratch",
            ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim },
        });
    }

    /// <summary>Moves the guest to the node unless it is there.</summary>
    public static async Task BringToAsync(this Guest guest, TestCluster cluster, string node)
    {
        if (await guest.NodeAsync() != node)
        {
            var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node, CancellationToken.None);
            (await guest.EndOfAsync(migration.Name())).ShouldHaveSucceeded();
        }
    }
}

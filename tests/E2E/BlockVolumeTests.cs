using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>A guest whose disk is a claim of mode Block, on a loop device that both nodes see.</summary>
[Collection<FirstSide>]
public sealed class BlockVolumeTests(ClusterFixture cluster) : IAsyncLifetime
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"godwit-e2e-block-{Environment.ProcessId}.img");
    private string? _device;
    private string _name = "";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_device is not null)
        {
            await cluster.KubectlAsync(["delete", "pv", _name, "--ignore-not-found", "--wait=false"]);
            (await Tool.RunAsync("losetup", ["--detach", _device], TimeSpan.FromSeconds(10))).Ok();
        }

        File.Delete(_file);
    }

    [Theory]
    [InlineData("ReadWriteMany", true)]
    [InlineData("ReadWriteOnce", false)]
    public async Task A_disk_on_a_block_device_is_the_guests_and_moves_without_a_copy_where_all_nodes_may_write_it(string access, bool moves)
    {
        cluster.RequireOwn();
        _name = moves ? "e2e-block-rwx" : "e2e-block-rwo";
        await LoopAsync();
        await Guest.EnsureNamespaceAsync(cluster, _name);
        await CreateAsync(access);
        await using var guest = await Guest.StartAsync(cluster, _name, change: OnClaim, migratable: moves);
        await guest.ShouldBeUnhurtAsync();
        var vmi = await guest.ReadAsync();
        if (moves)
        {
            vmi.Text("status", "migrationMethod").ShouldBe(MigrationModes.LiveMigration);
            (await guest.MoveAsync()).ShouldHaveSucceeded();
            await guest.ShouldBeUnhurtAsync();
        }
        else
        {
            Guest.Condition(vmi, Conditions.LiveMigratable).Text("message").ShouldNotBeNull().ShouldContain("PVC disk is not shared");
        }

        // The guest wrote to the device itself.
        await using var device = File.OpenRead(_device!);
        var bytes = new byte[1 << 20];
        await device.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        bytes.ShouldContain(static one => one != 0);
    }

    private static void OnClaim(JsonObject vmi) => vmi.Ensure("spec")["volumes"] = new JsonArray(new JsonObject
    {
        ["name"] = "scratch",
        ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = "disk" },
    });

    private async Task LoopAsync()
    {
        await using (var file = File.Create(_file))
        {
            file.SetLength(64 << 20);
        }

        var made = await Tool.RunAsync("losetup", ["--find", "--show", _file], TimeSpan.FromSeconds(10));
        Assert.SkipWhen(made.Code != 0, $"SKIPPED: no loop device can be had here: {made.Error.Trim()}");
        _device = made.Output.Trim();
    }

    private async Task CreateAsync(string access) => (await cluster.KubectlAsync(["apply", "-f", "-"], $$"""
        {"apiVersion":"v1","kind":"List","items":[
         {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"{{_name}}"},
          "spec":{"capacity":{"storage":"64Mi"},"accessModes":["{{access}}"],"volumeMode":"Block","storageClassName":"{{_name}}",
           "persistentVolumeReclaimPolicy":"Retain","local":{"path":"{{_device}}"},
           "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"Exists"}]}] } } } },
         {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"disk","namespace":"{{_name}}"},
          "spec":{"accessModes":["{{access}}"],"volumeMode":"Block","storageClassName":"{{_name}}","resources":{"requests":{"storage":"64Mi"} } } }]}
        """)).Ok();
}

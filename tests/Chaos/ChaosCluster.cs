using Godwit.Cli.Host;
using Godwit.Tests.E2E.Support;
using Godwit.Types;

namespace Godwit.Chaos;

/// <summary>A cluster of the built binaries under a name of its own, on a small disk of its own that can be filled.</summary>
internal sealed class ChaosCluster(string? broken) : TestCluster($"{Folder}/state")
{
    public const string Name = "gwchaos";
    private const string Folder = "/var/lib/godwit-chaos";
    private const string Size = "2g";

    /// <summary>How often all certificates of the components are replaced: they expire all the time.</summary>
    private const int RotationSeconds = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private string _programs = Binaries;

    /// <summary>Where the disk is mounted.</summary>
    public static string Disk => Folder;

    /// <summary>The clocks that can be stepped; none where rules are broken instead.</summary>
    public SteppedClocks? Clocks { get; private set; }

    protected override string Programs => _programs;

    protected override string KeptLogs => Path.Combine(ChaosOptions.Folder, "logs");

    /// <summary>Clears what an earlier run has left, then starts.</summary>
    /// <exception cref="InvalidOperationException">The machine lacks something.</exception>
    public override async ValueTask InitializeAsync()
    {
        if (Missing() is { } missing)
        {
            throw new InvalidOperationException(missing);
        }

        if (broken is not null)
        {
            _programs = await BrokenAgent.ProgramsAsync(Binaries, broken);
        }
        else
        {
            _programs = await StandIns.FolderAsync(Binaries, "chaos-clocks");
            Clocks = await SteppedClocks.PutBeforeAsync(_programs, Path.Combine(Binaries, "godwitd"));
        }

        await RemoveAsync();
        Directory.CreateDirectory(Folder);
        (await Tool.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={Size},mode=755", "godwit-chaos", Folder], Patience)).Ok();
        (await GodwitAsync(["up", "--name", Name, "--auto", "--yes", "--timeout", "120"], Patience)).Ok();
        await ConnectAsync();
        await Api.DeleteAsync(Kinds.ConfigMap, new(Installation.Namespace, Installation.ConfigMapName));
        await Rotation.EveryAsync(Api, RotationSeconds);
        await ImportGuestAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await RemoveAsync();
        Clocks?.Forget();
    }

    /// <summary>What the cluster has on the machine; after its end there must be nothing.</summary>
    public static IReadOnlyList<string> Leftovers() => Machine.Leftovers(Name, $"{Folder}/state");

    private async Task RemoveAsync()
    {
        await GodwitAsync(["down"], Patience);
        foreach (var mount in Mounts.Below(Folder))
        {
            (await Tool.RunAsync("umount", [mount], Patience)).Ok();
        }

        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}

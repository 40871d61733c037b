namespace Godwit.Tests.E2E.Support;

/// <summary>
/// A second cluster, without Godwit in it, whose nodes have Godwit's images as users build them: a place to install it, as
/// on any Kubernetes. Taken away at the end, and before the start if an earlier run was killed.
/// </summary>
public sealed class BareCluster() : TestCluster("/var/lib/godwit-e2e-bare")
{
    public const string Name = "godwitbare";
    private static readonly string[] Images = ["virt-launcher", "virt-handler", "virt-controller"];
    private static readonly string Folder = Path.Combine(Root, "artifacts", "images");
    private static readonly Lazy<Task<Tool.Outcome>> Build = new(
        static () => Tool.RunAsync("/bin/bash", [Path.Combine(Root, "images", "build.sh"), "--yes", Folder], TimeSpan.FromMinutes(5)));

    public override async ValueTask InitializeAsync()
    {
        Lacking = Missing();
        if (Lacking is not null)
        {
            return;
        }

        await GodwitAsync(["down"], UpLimit);
        if (!AreBuilt())
        {
            (await Build.Value).Ok();
        }

        (await GodwitAsync(["up", "--bare", "--name", Name, "--auto", "--yes"], UpLimit)).Ok();
        await ConnectAsync();
        foreach (var image in Images)
        {
            (await GodwitAsync(["image", "import", Path.Combine(Folder, $"{image}.oci.tar")], UpLimit)).Ok();
        }

        await ImportGuestAsync();
    }

    /// <summary>The archives are there, and made of the binaries that are there.</summary>
    private static bool AreBuilt()
    {
        var made = Images.Min(static i => File.GetLastWriteTimeUtc(Path.Combine(Folder, $"{i}.oci.tar")));
        var from = Directory.EnumerateFiles(Path.Combine(Root, "images"), "*", SearchOption.AllDirectories)
            .Concat([Path.Combine(Binaries, "godwitd"), Path.Combine(Binaries, "virt-launcher")]);
        return from.All(f => File.GetLastWriteTimeUtc(f) < made);
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

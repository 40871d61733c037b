using Godwit.Integration.VirtHandler;

namespace Godwit.Integration.Migration;

/// <summary>A disk of its own, in memory, that can be full.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Ballast => Path.Combine(Folder, "ballast");

    public static async Task<SmallDisk> MountAsync(int sizeMiB)
    {
        var disk = new SmallDisk(Directory.CreateTempSubdirectory("godwit-small-disk-").FullName);
        await Tool.RunAsync($"mount -t tmpfs -o size={sizeMiB}m godwit-test {disk.Folder}");
        return disk;
    }

    public void Fill()
    {
        using var file = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        // QEMU has ended, but the kernel may hold its open files for a moment longer.
        await Tool.RunAsync($"umount -l {Folder}");
        Directory.Delete(Folder);
    }
}

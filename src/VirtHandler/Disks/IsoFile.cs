using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Disks;

/// <summary>Writes ISO 9660 images with Rock Ridge and Joliet names, by genisoimage.</summary>
public static class IsoFile
{
    public static async Task<string> WriteAsync(IHostTools tools, IsoContent content, string file, CancellationToken cancellationToken)
    {
        var staging = Directory.CreateDirectory(file + ".files").FullName;
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(staging, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        try
        {
            foreach (var (name, bytes) in content.Files)
            {
                var path = Path.GetFullPath(Path.Combine(staging, name));
                if (!path.StartsWith(staging + "/", StringComparison.Ordinal))
                {
                    throw new DiskException($"file name {name} leads out of its disk");
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await File.WriteAllBytesAsync(path, bytes, cancellationToken);
            }

            return await tools.RequireAsync(
                "genisoimage", ["-quiet", "-V", content.Label, "-J", "-r", "-o", file, staging], null, cancellationToken);
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }
}

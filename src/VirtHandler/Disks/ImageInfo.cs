using System.Text.Json;

namespace Godwit.VirtHandler.Disks;

/// <summary>What qemu-img says about an image file.</summary>
public sealed record ImageInfo(string Format, long VirtualSize, string? BackingFile)
{
    public static ImageInfo Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return new ImageInfo(
            root.GetProperty("format").GetString()!,
            root.GetProperty("virtual-size").GetInt64(),
            root.TryGetProperty("backing-filename", out var backing) ? backing.GetString() : null);
    }
}

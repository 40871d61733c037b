using System.Text.Json;

namespace Godwit.LocalCluster.Images;

/// <summary>The images of a cluster on disk: an index, and one unpacked file system per digest. Several processes may use it at once.</summary>
public sealed class ImageStore(string folder, TimeProvider time)
{
    private string IndexFile => Path.Combine(folder, "index.json");

    public string Folder => folder;

    public IReadOnlyList<ImageRecord> List() => Read().Images;

    /// <summary>The image of that name, however short it was given; null when it is not here.</summary>
    public ImageRecord? Find(string reference)
    {
        var name = ImageReference.Normalize(reference);
        var images = Read().Images;
        return images.Find(i => i.Reference == name)
            ?? images.Find(i => name.Contains('@') && name.EndsWith("@" + i.Digest, StringComparison.Ordinal));
    }

    /// <summary>Where an unpacked image lies.</summary>
    public string RootOf(ImageRecord image) => Path.Combine(ContentOf(image.Digest), "rootfs");

    /// <summary>Makes the machine's own programs, with some folders beside them, an image.</summary>
    public void RegisterHost(HostImage image)
    {
        Put(new ImageRecord
        {
            Reference = ImageReference.Normalize(image.Reference),
            Kind = ImageRecord.HostKind,
            Source = "host",
            Imported = time.GetUtcNow(),
            Entrypoint = [.. image.Entrypoint],
            Binds = new(image.Binds),
            Environment = [$"PATH={(image.Path is { } first ? $"{first}:" : "")}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        });
    }

    /// <summary>Removes a name, and what no other name needs.</summary>
    /// <returns>False when there is no such image.</returns>
    public bool Remove(string reference)
    {
        using var _ = Lock();
        var image = Find(reference);
        if (image is null)
        {
            return false;
        }
        var left = Read().Images.Where(i => i.Reference != image.Reference).ToList();
        Write(new ImageIndex { Images = left });
        if (image.Kind == ImageRecord.RootfsKind && !left.Exists(i => i.Digest == image.Digest) && Directory.Exists(ContentOf(image.Digest)))
        {
            Directory.Delete(ContentOf(image.Digest), recursive: true);
        }
        return true;
    }

    /// <summary>A folder on the store's own disk, for unpacking.</summary>
    internal string NewWorkFolder()
    {
        var work = Path.Combine(folder, "work", Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(work);
        return work;
    }

    /// <summary>Takes in an unpacked file system; one that is here already stays as it is.</summary>
    internal ImageRecord Adopt(ImageRecord image, string unpacked)
    {
        var content = ContentOf(image.Digest);
        using (Lock())
        {
            if (!Directory.Exists(content))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(content)!);
                Directory.Move(unpacked, content);
            }
        }
        Put(image);
        return image;
    }

    internal bool HasContent(string digest) => Directory.Exists(ContentOf(digest));

    private void Put(ImageRecord image)
    {
        using var _ = Lock();
        var others = Read().Images.Where(i => i.Reference != image.Reference);
        Write(new ImageIndex { Images = [.. others.Append(image).OrderBy(i => i.Reference, StringComparer.Ordinal)] });
    }

    private string ContentOf(string digest) => Path.Combine(folder, "content", digest.Replace(':', '-'));

    private ImageIndex Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(IndexFile), ImageJson.Default.ImageIndex) ?? new();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new();
        }
        catch (JsonException e)
        {
            throw new ImageException($"{IndexFile} is damaged ({e.Message}); remove it and import the images again");
        }
    }

    private void Write(ImageIndex index)
    {
        var temporary = IndexFile + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(index, ImageJson.Default.ImageIndex));
        File.Move(temporary, IndexFile, overwrite: true);
    }

    /// <summary>One writer at a time, across processes. Held only for moments, so it is simply tried until it is free.</summary>
    private StoreLock Lock()
    {
        Directory.CreateDirectory(folder);
        return StoreLock.Take(Path.Combine(folder, "lock"), time);
    }
}

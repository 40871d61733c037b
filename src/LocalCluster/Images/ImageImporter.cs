using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Images;

/// <summary>Brings images into the store: from a file or folder by skopeo, from a registry likewise; umoci unpacks the layers.</summary>
public sealed class ImageImporter(ImageStore store, HostTools tools, TimeProvider time)
{
    /// <summary>A registry that answers slowly is given up after this; the kubelet tries again later.</summary>
    private static readonly TimeSpan PullDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan UnpackDeadline = TimeSpan.FromMinutes(5);

    /// <summary>Imports an OCI layout (folder or archive) or a <c>docker save</c> archive.</summary>
    /// <remarks>Without <paramref name="name"/> the image keeps the name that the file carries.</remarks>
    public async Task<ImageRecord> ImportAsync(string path, string? name, CancellationToken cancellation)
    {
        var full = Path.GetFullPath(path);
        var (transport, carried) = Inspect(full);
        var reference = name ?? Reference(carried, full)
            ?? throw new ImageException($"{path} does not say which image it holds; give it a name: godwit image import --name NAME {path}");
        var source = carried is { } tag && transport == "oci" ? $"oci:{full}:{tag}" : $"{transport}:{full}";
        return await FetchAsync(source, "file", reference, $"{path} cannot be read as an image", UnpackDeadline, cancellation);
    }

    /// <summary>Pulls from the registry that the name says.</summary>
    public Task<ImageRecord> PullAsync(string reference, CancellationToken cancellation)
    {
        var name = ImageReference.Normalize(reference);
        return FetchAsync(
            $"docker://{name}", "registry", name, $"image {reference} is not in the store, and pulling it failed; import it: godwit image import FILE", PullDeadline, cancellation);
    }

    private async Task<ImageRecord> FetchAsync(
        string source, string origin, string reference, string trouble, TimeSpan deadline, CancellationToken cancellation)
    {
        var work = store.NewWorkFolder();
        try
        {
            var layout = Path.Combine(work, "layout");
            await tools.RunAsync(
                "skopeo", ["--insecure-policy", "copy", "--quiet", "--override-os", "linux", "--override-arch", "amd64", source, $"oci:{layout}:image"],
                cancellation, deadline: deadline);
            var (digest, config) = ReadConfig(layout);
            var unpacked = Path.Combine(work, "unpacked");
            if (!store.HasContent(digest))
            {
                Directory.CreateDirectory(unpacked);
                await tools.RunAsync(
                    "umoci", ["raw", "unpack", "--image", $"{layout}:image", Path.Combine(unpacked, "rootfs")], cancellation, deadline: UnpackDeadline);
            }
            return store.Adopt(Record(ImageReference.Normalize(reference), origin, digest, config, SizeOf(layout)), unpacked);
        }
        catch (HostToolException e)
        {
            throw new ImageException($"{trouble} ({Brief(e)})");
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private ImageRecord Record(string reference, string origin, string digest, JsonNode? config, long size) => new()
    {
        Reference = reference,
        Kind = ImageRecord.RootfsKind,
        Source = origin,
        Digest = digest,
        Size = size,
        Imported = time.GetUtcNow(),
        Entrypoint = Strings(config?["Entrypoint"]),
        Command = Strings(config?["Cmd"]),
        Environment = Strings(config?["Env"]),
        WorkingDirectory = (string?)config?["WorkingDir"] is { Length: > 0 } folder ? folder : "/",
        User = (string?)config?["User"] ?? "",
    };

    private static List<string> Strings(JsonNode? list) => list is JsonArray array ? [.. array.Select(v => (string)v!)] : [];

    private static (string Digest, JsonNode? Config) ReadConfig(string layout)
    {
        var index = Json(Path.Combine(layout, "index.json"));
        var digest = (string)index["manifests"]![0]!["digest"]!;
        var manifest = Json(Blob(layout, digest));
        var config = Json(Blob(layout, (string)manifest["config"]!["digest"]!));
        return (digest, config["config"]);
    }

    private static string Blob(string layout, string digest) => Path.Combine(layout, "blobs", digest.Replace(':', '/'));

    private static JsonNode Json(string path) => JsonNode.Parse(File.ReadAllBytes(path))!;

    private static long SizeOf(string layout) =>
        new DirectoryInfo(Path.Combine(layout, "blobs")).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    /// <summary>Which kind of file it is, and the name that it carries.</summary>
    private static (string Transport, string? Name) Inspect(string path)
    {
        if (Directory.Exists(path))
        {
            var index = Path.Combine(path, "index.json");
            return File.Exists(index)
                ? ("oci", NameInIndex(Json(index)))
                : throw new ImageException($"{path} is no OCI layout: it has no index.json");
        }
        if (!File.Exists(path))
        {
            throw new ImageException($"there is no file {path}");
        }
        try
        {
            return InspectArchive(path);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or JsonException)
        {
            throw new ImageException($"{path} is neither an OCI archive nor a docker archive ({e.Message})");
        }
    }

    private static (string Transport, string? Name) InspectArchive(string path)
    {
        using var file = File.OpenRead(path);
        var zipped = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        using var unzipped = zipped ? new GZipStream(file, CompressionMode.Decompress, leaveOpen: true) : (Stream)file;
        using var tar = new TarReader(unzipped, leaveOpen: true);
        string? index = null, manifest = null;
        while (tar.GetNextEntry() is { } entry)
        {
            var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
            if (name is "index.json" or "manifest.json" && entry.DataStream is { } data)
            {
                using var reader = new StreamReader(data);
                var text = reader.ReadToEnd();
                index = name == "index.json" ? text : index;
                manifest = name == "manifest.json" ? text : manifest;
            }
        }
        if (index is not null)
        {
            return ("oci-archive", NameInIndex(JsonNode.Parse(index)!));
        }
        return manifest is not null
            ? ("docker-archive", (string?)JsonNode.Parse(manifest)?[0]?["RepoTags"]?[0])
            : throw new ImageException($"{path} holds neither index.json (OCI) nor manifest.json (docker save)");
    }

    private static string? NameInIndex(JsonNode index)
    {
        var annotations = index["manifests"]?[0]?["annotations"];
        return (string?)annotations?["io.containerd.image.name"] ?? (string?)annotations?["org.opencontainers.image.ref.name"];
    }

    /// <summary>A bare tag, as layouts often carry, is given the file's name before it.</summary>
    private static string? Reference(string? carried, string path)
    {
        if (carried is null || carried.Contains('/') || carried.Contains(':'))
        {
            return carried;
        }
        var stem = Path.GetFileName(path).Split('.')[0].ToLowerInvariant();
        return stem.Length == 0 ? null : $"{stem}:{carried}";
    }

    private static string Brief(HostToolException e)
    {
        var line = e.StandardError.Trim().Split('\n')[^1];
        if (line.Length == 0)
        {
            return e.Message;
        }
        var at = line.IndexOf("msg=\"", StringComparison.Ordinal);
        return at < 0 ? line : line[(at + 5)..].TrimEnd('"');
    }
}

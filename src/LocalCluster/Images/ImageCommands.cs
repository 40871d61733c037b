using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Images;

/// <summary>The daemon's verb <c>image</c>: <c>import [--name NAME] PATH</c>, <c>list [-o json]</c>, <c>remove NAME</c>, each with <c>--state DIR</c>.</summary>
public static class ImageCommands
{
    /// <summary>Runs one command and returns the process's exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        string? state = null, name = null, format = null;
        var words = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var hasValue = i + 1 < args.Count;
            switch (args[i])
            {
                case "--state" when hasValue:
                    state = args[++i];
                    break;
                case "--name" when hasValue:
                    name = args[++i];
                    break;
                case "-o" or "--output" when hasValue:
                    format = args[++i];
                    break;
                case var word when word.StartsWith('-'):
                    await errors.WriteLineAsync($"godwitd image: {word} is unknown or lacks its value");
                    return 2;
                case var word:
                    words.Add(word);
                    break;
            }
        }
        var store = new ImageStore(Path.Combine(state ?? "/var/lib/godwit", "images"), TimeProvider.System);
        try
        {
            switch (words)
            {
                case ["import", var path]:
                    var importer = new ImageImporter(store, new HostTools(TimeProvider.System), TimeProvider.System);
                    var image = await importer.ImportAsync(path, name, cancellation);
                    await output.WriteLineAsync($"imported {image.Reference} ({image.Digest})");
                    return 0;
                case ["list"]:
                    await ListAsync(store, format, output);
                    return 0;
                case ["remove", var reference] when store.Remove(reference):
                    await output.WriteLineAsync($"removed {ImageReference.Normalize(reference)}");
                    return 0;
                case ["remove", var reference]:
                    await errors.WriteLineAsync($"there is no image {reference}; see: godwit image list");
                    return 1;
                default:
                    await errors.WriteLineAsync("usage: godwitd image import [--name NAME] PATH | list [-o json] | remove NAME   (each with --state DIR)");
                    return 2;
            }
        }
        catch (Exception e) when (e is ImageException or UnauthorizedAccessException or IOException)
        {
            await errors.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static async Task ListAsync(ImageStore store, string? format, TextWriter output)
    {
        var images = store.List();
        if (format == "json")
        {
            await output.WriteLineAsync(System.Text.Json.JsonSerializer.Serialize(new ImageIndex { Images = [.. images] }, ImageJson.Default.ImageIndex));
            return;
        }
        var width = images.Select(i => i.Reference.Length).Append(9).Max() + 3;
        await output.WriteLineAsync($"{"REFERENCE".PadRight(width)}{"KIND",-9}{"SIZE",-12}DIGEST");
        foreach (var image in images)
        {
            var size = image.Kind == ImageRecord.HostKind ? "-" : $"{image.Size / 1024.0 / 1024:0.0} MiB";
            await output.WriteLineAsync($"{image.Reference.PadRight(width)}{image.Kind,-9}{size,-12}{(image.Digest.Length == 0 ? "-" : image.Digest)}");
        }
    }
}

using System.CommandLine;
using Godwit.Cli.Host;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit image</c>: the images of the local cluster.</summary>
public static class ImageCommand
{
    public static Command Build()
    {
        var file = new Argument<string>("FILE") { Description = "OCI layout (folder) or archive" };
        var name = new Option<string?>("--name") { Description = "Reference to store it under (default: the one in the archive)", HelpName = "REFERENCE" };
        var import = new Command("import", "Take an image from disk into the cluster") { file, name };
        import.SetAction((parsed, ct) =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(file));
            if (!File.Exists(path) && !Directory.Exists(path))
            {
                throw new CliException($"{path} does not exist.", "Give an OCI archive (.tar) or an OCI layout folder.");
            }

            string[] named = parsed.GetValue(name) is { } reference ? ["--name", reference] : [];
            return DaemonAsync(parsed, ["image", "import", path, .. named], ct);
        });
        var output = GlobalOptions.Output();
        var list = new Command("list", "Show the images that the cluster has") { output };
        list.SetAction((parsed, ct) => DaemonAsync(parsed, ["image", "list", "--output", parsed.GetValue(output)!], ct));
        var which = new Argument<string>("REFERENCE") { Description = "Image to remove" };
        var remove = new Command("remove", "Remove an image from the cluster") { which };
        remove.SetAction((parsed, ct) => DaemonAsync(parsed, ["image", "remove", parsed.GetRequiredValue(which)], ct));
        return new Command("image", "Images of the local cluster") { import, list, remove };
    }

    /// <summary>Runs a verb of the daemon on the state folder, with this terminal.</summary>
    internal static async Task<int> DaemonAsync(ParseResult parsed, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var state = parsed.Folder();
        if (state.ReadSettings() is null)
        {
            throw new CliException($"There is no cluster in {state.Root}.", "Start one with `godwit up`.");
        }

        return await HostCommand.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "godwitd"), [.. arguments, "--state", state.Root], ct);
    }
}

using System.CommandLine;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit kubeconfig</c>.</summary>
public static class KubeconfigCommand
{
    public static Command Build()
    {
        var path = new Option<bool>("--path") { Description = "Print where the file is instead of what it holds" };
        var command = new Command("kubeconfig", "Print the local cluster's kubeconfig") { path };
        command.SetAction(parsed =>
        {
            var file = parsed.Folder().Kubeconfig;
            if (!File.Exists(file))
            {
                throw new CliException($"{file} does not exist: no cluster runs there.", "Start one with `godwit up`.");
            }

            Console.Out.Write(parsed.GetValue(path) ? $"{file}\n" : File.ReadAllText(file));
            return ExitCodes.Ok;
        });
        return command;
    }
}

using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Cli.Output;
using Godwit.Machinery;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit version</c>.</summary>
public static class VersionCommand
{
    /// <summary>Version of this build.</summary>
    public static string Current { get; } =
        (typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown").Split('+')[0];

    public static Command Build()
    {
        var output = GlobalOptions.Output();
        var command = new Command("version", "Show the versions of this command and of the cluster") { output };
        command.SetAction(async (parsed, ct) =>
        {
            string? server = null;
            try
            {
                using var api = ClusterAccess.Open(parsed);
                server = JsonNode.Parse(await api.GetRawAsync("/version", ct: ct)).Text("gitVersion");
            }
            catch (Exception e) when (e is CliException or ApiException or InvalidOperationException)
            {
                // No cluster: the command's own version is still an answer.
            }

            if (parsed.GetValue(output) == "json")
            {
                CliJson.Print(new JsonObject { ["client"] = Current, ["server"] = server }, CliJson.Default.JsonObject);
            }
            else
            {
                Console.Out.WriteLine($"godwit {Current}");
                Console.Out.WriteLine($"cluster {server ?? "not reachable"}");
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}

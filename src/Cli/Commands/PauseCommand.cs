using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit pause</c> and <c>godwit unpause</c>: the guest stands still with its memory kept, and goes on where it stood.</summary>
public static class PauseCommand
{
    public static Command BuildPause() => Build("pause", "Pause a virtual machine; its memory is kept", "is paused. Let it go on: godwit unpause");

    public static Command BuildUnpause() => Build("unpause", "Let a paused virtual machine go on", outcome: "goes on. See it: godwit console");

    private static Command Build(string verb, string description, string outcome)
    {
        var vmi = new Argument<string>("VMI") { Description = "Name of the virtual machine" };
        var @namespace = GlobalOptions.Namespace();
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say whether it could be done" };
        var command = new Command(verb, description) { vmi, @namespace, dryRun };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = ClusterAccess.Open(parsed);
            var key = new NamespacedName(parsed.GetValue(@namespace) ?? api.Namespace, parsed.GetRequiredValue(vmi));
            await api.VmiAsync(key, ct);
            var dry = parsed.GetValue(dryRun);
            await PutAsync(api, key, verb, dry, ct);
            Console.Out.WriteLine(dry ? $"{key.Name} could be {verb}d now." : $"{key.Name} {outcome} {key.Name}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task PutAsync(ApiClient api, NamespacedName key, string verb, bool dry, CancellationToken ct)
    {
        var options = new JsonObject();
        if (dry)
        {
            options["dryRun"] = new JsonArray("All");
        }

        using var body = new StringContent(options.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await api.SendRawAsync(
            HttpMethod.Put, $"/apis/subresources.kubevirt.io/v1/namespaces/{key.Namespace}/virtualmachineinstances/{key.Name}/{verb}", body, ct: ct);
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        // The server's own words, as virt-api wrote them for the user.
        throw new CliException(Explain(await response.Content.ReadAsStringAsync(ct), (int)response.StatusCode), exitCode: ExitCodes.Failed);
    }

    private static string Explain(string body, int code)
    {
        try
        {
            return JsonNode.Parse(body).Text("message") ?? $"the server answered {code}";
        }
        catch (JsonException)
        {
            return $"the server answered {code}: {body}";
        }
    }
}

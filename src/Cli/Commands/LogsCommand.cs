using System.CommandLine;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit logs</c>: the guest's serial console over all the pods that it has lived in.</summary>
public static class LogsCommand
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    public static Command Build()
    {
        var vmi = new Argument<string>("VMI") { Description = "Virtual machine whose serial console is shown" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as the guest prints, also when it moves" };
        var @namespace = GlobalOptions.Namespace();
        var command = new Command("logs", "Show what a guest printed on its serial console, on every node that it was on") { vmi, follow, @namespace };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = ClusterAccess.Open(parsed);
            var key = new NamespacedName(parsed.GetValue(@namespace) ?? api.Namespace, parsed.GetRequiredValue(vmi));
            var found = await api.VmiAsync(key, ct);
            await CopyAsync(api, found, parsed.GetValue(follow), Console.OpenStandardOutput(), ct);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task CopyAsync(ApiClient api, JsonObject vmi, bool follow, Stream output, CancellationToken ct)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            foreach (var pod in await api.LauncherPodsAsync(vmi, ct))
            {
                if (pod.Text("status", "phase") is null or PodPhases.Pending || !done.Add(pod.Uid()))
                {
                    continue;
                }

                // The target's console begins where the source's ends, so one after the other is the whole of it.
                await using var log = await api.PodLogsAsync(pod.Key(), new() { Container = Launcher.Container, Follow = follow }, ct);
                await log.CopyToAsync(output, ct);
                await output.FlushAsync(ct);
            }

            if (!follow
                || await api.TryGetAsync(Resources.Vmi, vmi.Key(), ct) is not { } now
                || now.Uid() != vmi.Uid()
                || VmiFacts.Phase(now) is VmiPhases.Succeeded or VmiPhases.Failed)
            {
                return;
            }

            await Task.Delay(LookAgain, TimeProvider.System, ct);
        }
    }
}

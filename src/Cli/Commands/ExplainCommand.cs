using System.CommandLine;
using Godwit.Cli.Api;
using Godwit.Cli.Explain;
using Godwit.Cli.Output;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit explain</c>.</summary>
public static class ExplainCommand
{
    public static Command Build()
    {
        var vmi = new Argument<string>("VMI") { Description = "Virtual machine that is to move" };
        var @namespace = GlobalOptions.Namespace();
        var output = GlobalOptions.Output();
        var command = new Command("explain", "Say whether a virtual machine can move, why not, and which nodes could take it") { vmi, @namespace, output };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = ClusterAccess.Open(parsed);
            var key = new NamespacedName(parsed.GetValue(@namespace) ?? api.Namespace, parsed.GetRequiredValue(vmi));
            _ = await api.VmiAsync(key, ct);
            var explanation = Explanations.Of(await GatherAsync(api, key, ct));
            if (parsed.GetValue(output) == "json")
            {
                CliJson.Print(explanation, CliJson.Default.Explanation);
            }
            else
            {
                Console.Out.Write(Explanations.Text(explanation));
            }

            return explanation.Movable ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    private static async Task<ExplainFacts> GatherAsync(ApiClient api, NamespacedName key, CancellationToken ct)
    {
        var vmi = await api.GetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, ct: ct);
        var modes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var claim in (vmi.Spec?.Volumes ?? []).Select(volume => volume.PersistentVolumeClaim?.ClaimName ?? volume.DataVolume?.Name).OfType<string>().Distinct())
        {
            if (await api.TryGetAsync(Kinds.PersistentVolumeClaim, new(key.Namespace, claim), TypesJson.Default.PersistentVolumeClaim, ct) is { } found)
            {
                modes[claim] = found.Status?.AccessModes ?? found.Spec?.AccessModes ?? [];
            }
        }

        return new ExplainFacts
        {
            Vmi = vmi,
            ClaimAccessModes = modes,
            Nodes = (await api.ListAsync(Kinds.Node, null, TypesJson.Default.Node, ct: ct)).Items,
            Pods = (await api.ListAsync(Kinds.Pod, null, TypesJson.Default.Pod, ct: ct)).Items,
        };
    }
}

using System.CommandLine;
using Godwit.Cli.Host;
using Godwit.Cli.Output;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit node on|off</c>.</summary>
public static class NodeCommand
{
    public static Command Build() => new("node", "Switch nodes of the local cluster off and on")
    {
        BuildSwitch("off", "Take the power from a node: all on it ends at once, and nobody tells the cluster", async (power, node, limit, ct) =>
        {
            await power.OffAsync(node, limit, ct);
            Say.Note($"{node} is off. It becomes NotReady after the node monitor grace period; its pods stay as they are until you say that it will not come back by itself:");
            Console.Out.WriteLine($"kubectl taint nodes {node} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
        }),
        BuildSwitch("on", "Give a node its power again: it boots, with its disk as it was", async (power, node, limit, ct) =>
        {
            await power.OnAsync(node, limit, ct);
            Say.Note($"{node} is Ready. If you tainted it as out of service, it takes pods again after this:");
            Console.Out.WriteLine($"kubectl taint nodes {node} node.kubernetes.io/out-of-service-");
        }),
    };

    private static Command BuildSwitch(string verb, string description, Func<NodeSwitch, string, TimeSpan, CancellationToken, Task> act)
    {
        var node = new Argument<string>("NODE") { Description = "Name of the node" };
        var timeout = GlobalOptions.Timeout(60);
        var command = new Command(verb, description) { node, timeout };
        command.SetAction(async (parsed, ct) =>
        {
            Prerequisites.Root($"node {verb}");
            await act(new(parsed.Folder(), TimeProvider.System), parsed.GetRequiredValue(node), TimeSpan.FromSeconds(parsed.GetValue(timeout)), ct);
            return ExitCodes.Ok;
        });
        return command;
    }
}

using System.CommandLine;
using Godwit.Cli.Host;
using Godwit.Cli.Output;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit up</c>.</summary>
public static class UpCommand
{
    public static Command Build()
    {
        var nodes = new Option<int?>("--nodes") { Description = "Number of nodes (default 2)", HelpName = "N" };
        var name = new Option<string?>("--name") { Description = "Name of the cluster; interfaces and namespaces carry it (default godwit)", HelpName = "NAME" };
        var port = new Option<int?>("--port") { Description = "Port of the API server (default 6443)", HelpName = "PORT" };
        var webhookPort = new Option<int?>("--webhook-port") { Description = "Port of virt-api (default 9443, or --port + 3000)", HelpName = "PORT" };
        var nodeCidr = new Option<string?>("--node-cidr") { Description = "Network of the nodes (default 10.99.0.0/24)", HelpName = "CIDR" };
        var podCidr = new Option<string?>("--pod-cidr") { Description = "Network of the pods (default 10.98.0.0/16)", HelpName = "CIDR" };
        var serviceCidr = new Option<string?>("--service-cidr") { Description = "Network of the services (default 10.97.0.0/16)", HelpName = "CIDR" };
        var grace = new Option<int?>("--node-monitor-grace-period") { Description = "After how many seconds a silent node counts as lost (default 40)", HelpName = "SECONDS" };
        var auto = new Option<bool>("--auto") { Description = "Choose free ports and networks" };
        var bare = new Option<bool>("--bare") { Description = "Start the cluster without Godwit in it, as a place for godwit install" };
        var yes = GlobalOptions.Yes();
        var timeout = GlobalOptions.Timeout(60);
        var command = new Command("up", "Start a local cluster")
        {
            nodes, name, port, webhookPort, nodeCidr, podCidr, serviceCidr, grace, auto, bare, yes, timeout,
        };
        command.SetAction(async (parsed, ct) =>
        {
            Prerequisites.Root("up");
            var state = parsed.Folder();
            var result = await new ClusterStart(state, TimeProvider.System).RunAsync(
                new()
                {
                    Nodes = parsed.GetValue(nodes),
                    Name = parsed.GetValue(name),
                    Port = parsed.GetValue(port),
                    WebhookPort = parsed.GetValue(webhookPort),
                    NodeCidr = parsed.GetValue(nodeCidr),
                    PodCidr = parsed.GetValue(podCidr),
                    ServiceCidr = parsed.GetValue(serviceCidr),
                    NodeMonitorGraceSeconds = parsed.GetValue(grace),
                    Auto = parsed.GetValue(auto),
                    Bare = parsed.GetValue(bare),
                    Yes = parsed.GetValue(yes),
                    Timeout = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                },
                ct);
            var count = result.Settings.Nodes.Count;
            Say.Note(result.Ran
                ? $"The cluster \"{result.Settings.Name}\" is running already, with {count} node{(count == 1 ? "" : "s")}."
                : $"The cluster \"{result.Settings.Name}\" runs: {count} node{(count == 1 ? "" : "s")} Ready after {result.NodesReady.TotalSeconds:0.0} s, "
                    + (result.Settings.Bare ? "Godwit is not in it: 'godwit install' brings it." : $"virtual machines welcome after {result.Ready.TotalSeconds:0.0} s."));
            Console.Out.WriteLine($"export KUBECONFIG={state.Kubeconfig}");
            return ExitCodes.Ok;
        });
        return command;
    }
}

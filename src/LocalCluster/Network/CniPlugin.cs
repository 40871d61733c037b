using System.Net;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>
/// Wires a pod's network namespace to its node by CNI plug-ins, which run inside the node's namespace: <c>ptp</c> and
/// <c>host-local</c> for the cluster's own network, whatever a definition names for others.
/// </summary>
/// <remarks>
/// A cable to each pod, and no bridge: the kernel cuts what goes through a tunnel into single packets before it hands it to a bridge's
/// device (Linux 6.18), which left a tunnel between pods a quarter of what it carries by a cable.
/// </remarks>
public sealed class CniPlugin(HostTools tools, NodePlace node)
{
    public const string Version = "1.0.0";
    public const string MainInterface = "eth0";

    /// <summary>Where Debian installs the plug-ins.</summary>
    public const string PluginFolder = "/usr/lib/cni";

    /// <summary>Where the kernel keeps named network namespaces.</summary>
    public const string NamespaceFolder = "/var/run/netns";

    /// <summary>Makes the interface and returns the plug-in's result.</summary>
    public async Task<JsonObject> AddAsync(CniAttachment attachment, string containerId, string podNamespace, CancellationToken cancellation) =>
        JsonNode.Parse(await InvokeAsync("ADD", attachment, containerId, podNamespace, cancellation))?.AsObject()
        ?? throw new FormatException("the CNI plug-in gave no result");

    /// <summary>Takes interface and address away; nothing there is no error.</summary>
    public Task DeleteAsync(CniAttachment attachment, string containerId, string podNamespace, CancellationToken cancellation) =>
        InvokeAsync("DEL", attachment, containerId, podNamespace, cancellation);

    /// <summary>The cluster's own network on a node.</summary>
    public static CniAttachment Main(string network, IPNetwork pods, string dataDirectory) => new(MainInterface, new()
    {
        ["cniVersion"] = Version,
        ["name"] = network,
        ["type"] = "ptp",
        ["ipMasq"] = false,
        ["ipam"] = new JsonObject
        {
            ["type"] = "host-local",
            ["dataDir"] = dataDirectory,
            ["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = pods.ToString() })),
            ["routes"] = new JsonArray(new JsonObject { ["dst"] = "0.0.0.0/0" }),
        },
    });

    private async Task<string> InvokeAsync(
        string command, CniAttachment attachment, string containerId, string podNamespace, CancellationToken cancellation)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["CNI_COMMAND"] = command,
            ["CNI_CONTAINERID"] = containerId,
            ["CNI_NETNS"] = $"{NamespaceFolder}/{podNamespace}",
            ["CNI_IFNAME"] = attachment.Interface,
            ["CNI_PATH"] = PluginFolder,
        };
        var result = await tools.TryRunAsync(
            "ip",
            ["netns", "exec", node.Namespace, $"{PluginFolder}/{(string?)attachment.Configuration["type"]}"],
            cancellation,
            attachment.Configuration.ToJsonString(),
            environment);
        return result.Succeeded ? result.Output : throw new CniException(command, podNamespace, Reason(result));
    }

    /// <summary>Plug-ins print their error as JSON on standard output.</summary>
    private static string Reason(ToolResult result)
    {
        try
        {
            var error = JsonNode.Parse(result.Output)?.AsObject();
            return string.Join(": ", new[] { (string?)error?["msg"], (string?)error?["details"] }.Where(s => !string.IsNullOrEmpty(s)));
        }
        catch (System.Text.Json.JsonException)
        {
            return $"{result.Output} {result.Error}".Trim();
        }
    }
}

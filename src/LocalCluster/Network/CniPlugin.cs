using System.Net;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>Wires a pod's network namespace to its node by the CNI plug-ins <c>bridge</c> and <c>host-local</c>, which run inside the node's namespace.</summary>
public sealed class CniPlugin(HostTools tools, string network, NodePlace node, string dataDirectory)
{
    private const string PluginFolder = "/usr/lib/cni";
    private const string Version = "1.0.0";

    /// <summary>Where the kernel keeps named network namespaces.</summary>
    public const string NamespaceFolder = "/var/run/netns";

    /// <summary>Gives the namespace its interface and address.</summary>
    public async Task<CniResult> AddAsync(string containerId, string podNamespace, CancellationToken cancellation) =>
        CniResult.Parse(await InvokeAsync("ADD", containerId, podNamespace, null, cancellation));

    /// <summary>Takes both away; nothing there is no error.</summary>
    public Task DeleteAsync(string containerId, string podNamespace, CancellationToken cancellation) =>
        InvokeAsync("DEL", containerId, podNamespace, null, cancellation);

    /// <summary>Says whether the wiring is still as <paramref name="result"/> describes it.</summary>
    public async Task<bool> CheckAsync(string containerId, string podNamespace, CniResult result, CancellationToken cancellation)
    {
        try
        {
            await InvokeAsync("CHECK", containerId, podNamespace, result.Raw, cancellation);
            return true;
        }
        catch (CniException)
        {
            return false;
        }
    }

    /// <summary>The network configuration that is handed to the plug-in.</summary>
    public static JsonObject Configuration(string network, IPNetwork pods, string dataDirectory, JsonObject? previous) => Trim(new()
    {
        ["cniVersion"] = Version,
        ["name"] = network,
        ["type"] = "bridge",
        ["bridge"] = "cni0",
        ["isGateway"] = true,
        ["isDefaultGateway"] = true,
        ["hairpinMode"] = true,
        ["ipMasq"] = false,
        ["ipam"] = new JsonObject
        {
            ["type"] = "host-local",
            ["dataDir"] = dataDirectory,
            ["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = pods.ToString() })),
        },
        ["prevResult"] = previous?.DeepClone(),
    });

    private async Task<string> InvokeAsync(string command, string containerId, string podNamespace, JsonObject? previous, CancellationToken cancellation)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["CNI_COMMAND"] = command,
            ["CNI_CONTAINERID"] = containerId,
            ["CNI_NETNS"] = $"{NamespaceFolder}/{podNamespace}",
            ["CNI_IFNAME"] = "eth0",
            ["CNI_PATH"] = PluginFolder,
        };
        var configuration = Configuration(network, node.Pods, dataDirectory, previous).ToJsonString();
        var result = await tools.TryRunAsync(
            "ip", ["netns", "exec", node.Namespace, $"{PluginFolder}/bridge"], cancellation, configuration, environment);
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

    private static JsonObject Trim(JsonObject configuration)
    {
        if (configuration["prevResult"] is null)
        {
            configuration.Remove("prevResult");
        }
        return configuration;
    }
}

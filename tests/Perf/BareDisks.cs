using System.Text.Json.Nodes;
using Godwit.Qemu;

namespace Godwit.Perf;

/// <summary>Empty disks as the guest's emptyDisks are.</summary>
internal static class BareDisks
{
    private const string Prefix = "/var/run/godwit/";
    private const string Size = "64M";

    public static async Task CreateAsync(Domain domain, string folder, CancellationToken ct)
    {
        foreach (var argument in domain.Arguments.Where(a => a.StartsWith('{')))
        {
            if (JsonNode.Parse(argument) is JsonObject node
                && node["file"]?["filename"]?.GetValue<string>() is { } path && path.StartsWith(Prefix, StringComparison.Ordinal))
            {
                var file = Path.Combine(folder, path[Prefix.Length..]);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await Tool.RunAsync("qemu-img", ["create", "-q", "-f", node["driver"]!.GetValue<string>(), file, Size], ct);
            }
        }
    }
}

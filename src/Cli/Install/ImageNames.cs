using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Cli.Install;

/// <summary>Puts a registry before the images of workloads, also where an argument names one. Pure.</summary>
public static class ImageNames
{
    private const string Ours = "godwit/virt-";

    /// <summary>The workload with its images from the registry; without one it is as it was.</summary>
    /// <param name="object">Any object; only workloads are changed.</param>
    /// <param name="registry">Such as <c>registry.example.com/team</c>; null for none.</param>
    public static JsonObject From(JsonObject @object, string? registry)
    {
        if (string.IsNullOrEmpty(registry) || @object.At("spec", "template", "spec", "containers") is not JsonArray)
        {
            return @object;
        }

        var changed = @object.Clone();
        foreach (var container in changed.At("spec", "template", "spec", "containers")!.AsArray().OfType<JsonObject>())
        {
            container["image"] = Named(container.Text("image") ?? "", registry);
            if (container["args"] is JsonArray arguments)
            {
                container["args"] = new JsonArray([.. arguments.Select(a => (JsonNode)Named(a.Text() ?? "", registry))]);
            }
        }

        return changed;
    }

    private static string Named(string text, string registry) =>
        text.StartsWith(Ours, StringComparison.Ordinal) ? $"{registry.TrimEnd('/')}/{text}" : text;
}

using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>The objects of a folder of YAML files, in the order in which they can be created.</summary>
/// <param name="Objects">Namespaces and definitions first, what asks others at every request last.</param>
public sealed record ManifestSet(IReadOnlyList<JsonObject> Objects)
{
    private const string Kustomization = "kustomization.yaml";

    /// <summary>Reads the folder and those below it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="leftOut">Names of folders below it that are passed over.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidOperationException">A file cannot be read as objects; the message names it.</exception>
    public static ManifestSet Read(string folder, params IReadOnlyList<string> leftOut)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{folder} with the manifests is missing; build again with ./godwit");
        }

        var files = Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != Kustomization
                && !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar)[..^1].Any(leftOut.Contains))
            .Order(StringComparer.Ordinal);
        return new([.. files.SelectMany(Read).OrderBy(static o => Rank(o.Text("kind")))]);
    }

    private static int Rank(string? kind) => kind switch
    {
        "Namespace" => 0,
        "CustomResourceDefinition" => 1,
        "ServiceAccount" or "ClusterRole" or "Role" => 2,
        "MutatingWebhookConfiguration" or "ValidatingWebhookConfiguration" or "APIService"
            or "ValidatingAdmissionPolicy" or "ValidatingAdmissionPolicyBinding" => 4,
        "Deployment" or "DaemonSet" => 5,
        _ => 3,
    };

    private static IEnumerable<JsonObject> Read(string file)
    {
        try
        {
            return Yaml.ParseObjects(File.ReadAllText(file));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or YamlSyntaxException)
        {
            throw new InvalidOperationException($"{file}: {e.Message}", e);
        }
    }
}

using System.Runtime.CompilerServices;
using Godwit.Machinery;

namespace Godwit.Crds;

/// <summary>The generated files of <c>deploy/crds</c>.</summary>
public static class CrdFiles
{
    private const string Header = "# Generated from src/Types by hack/Crds: dotnet run --project hack/Crds\n";

    /// <summary>File names and contents.</summary>
    public static IReadOnlyList<(string Name, string Text)> Generate() =>
        [.. CrdCatalogue.All.Select(crd => ($"{crd.Kind.GroupResource}.yaml", Header + Yaml.Write(crd.ToJson())))];

    /// <summary>Where they are committed.</summary>
    public static string Folder() =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "deploy", "crds"));

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

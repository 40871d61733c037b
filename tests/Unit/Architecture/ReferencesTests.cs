using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.Architecture;

/// <summary>Holds the projects to the arrows that the architecture allows (docs/architecture.md).</summary>
public sealed class ReferencesTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Machinery"] = [],
        ["Types"] = ["Machinery"],
        ["Monitoring"] = ["Machinery"],
        ["Qemu"] = [],
        ["DevicePlugins"] = [],
        ["VirtLauncher"] = ["Qemu"],
        ["VirtHandler"] = ["Types", "Qemu", "DevicePlugins", "Monitoring"],
        ["VirtController"] = ["Types", "Monitoring"],
        ["VirtApi"] = ["Types", "Monitoring"],
        ["LocalCluster"] = ["Machinery", "DevicePlugins"],
        ["Cli"] = ["Types"],
        ["Godwitd"] = ["LocalCluster", "VirtApi", "VirtController", "VirtHandler"],
    };

    public static TheoryData<string> Projects => [.. Directory.GetDirectories(Source()).Select(d => Path.GetFileName(d)!)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_its_place_allows(string project)
    {
        Allowed.ShouldContainKey(project, $"src/{project} is new: say in this test and in docs/architecture.md what it may reference");
        References(project).ShouldBeSubsetOf(Allowed[project]);
    }

    [Fact]
    public void Qemu_speaks_no_Kubernetes() => Packages("Qemu").ShouldNotContain(p => p.Contains("Kubernetes", StringComparison.Ordinal));

    [Fact]
    public void The_launcher_carries_no_web_server_and_no_client() =>
        Packages("VirtLauncher").Concat(Frameworks("VirtLauncher")).ShouldBeEmpty();

    [Fact]
    public void Machinery_knows_no_word_about_virtual_machines()
    {
        var words = new[] { "virtualmachine", "vmim", "kubevirt", "qemu" };
        var found =
            from file in Directory.GetFiles(Path.Combine(Source(), "Machinery"), "*.cs", SearchOption.AllDirectories)
            let text = File.ReadAllText(file)
            from word in words
            where text.Contains(word, StringComparison.OrdinalIgnoreCase)
            select $"{Path.GetFileName(file)}: {word}";
        found.ShouldBeEmpty();
    }

    private static string[] References(string project) =>
        [.. Items(project, "ProjectReference").Select(i => Path.GetFileNameWithoutExtension(i.Replace('\\', '/')))];

    private static string[] Packages(string project) => [.. Items(project, "PackageReference")];

    private static string[] Frameworks(string project) => [.. Items(project, "FrameworkReference")];

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Load(Path.Combine(Source(), project, $"{project}.csproj"))
            .Descendants(kind)
            .Select(e => e.Attribute("Include")!.Value);

    private static string Source([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src"));
}

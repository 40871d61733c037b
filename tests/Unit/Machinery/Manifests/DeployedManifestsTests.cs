using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery.Manifests;

/// <summary>The manifests in deploy/ as a whole.</summary>
public sealed class DeployedManifestsTests
{
    private static readonly string Folder = Deploy();

    [Fact]
    public void Kustomize_gets_every_file_but_those_for_LocalCluster()
    {
        var kustomization = Yaml.Parse(File.ReadAllText(Path.Combine(Folder, "kustomization.yaml")));
        kustomization.At("labels")!.AsArray().ShouldHaveSingleItem().Text("pairs", "app.kubernetes.io/part-of").ShouldBe("godwit");
        var listed = ((JsonArray)kustomization!["resources"]!).Select(static r => r.Text()!);
        var files = Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories)
            .Select(static f => Path.GetRelativePath(Folder, f))
            .Where(static f => f != "kustomization.yaml" && !f.StartsWith("localcluster/", StringComparison.Ordinal));
        listed.Order(StringComparer.Ordinal).ShouldBe(files.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("workloads")]
    [InlineData("localcluster")]
    public void No_object_is_there_twice_in_either_way_to_install(string leftOut) =>
        ManifestSet.Read(Folder, leftOut).Objects.Select(static o => $"{o.Text("apiVersion")} {o.Text("kind")} {o.Key()}").ShouldBeUnique();

    [Fact]
    public void Namespaces_and_definitions_come_first_and_workloads_last()
    {
        var kinds = ManifestSet.Read(Folder, "localcluster").Objects.Select(static o => o.Text("kind")).ToList();
        kinds[0].ShouldBe("Namespace");
        kinds[1].ShouldBe("CustomResourceDefinition");
        kinds[^1].ShouldBeOneOf("Deployment", "DaemonSet");
    }

    [Fact]
    public void Workloads_run_images_of_this_version_as_accounts_that_exist()
    {
        var objects = ManifestSet.Read(Folder, "localcluster").Objects;
        var accounts = objects.Where(static o => o.Text("kind") == "ServiceAccount").Select(static o => o.Name()).ToList();
        var workloads = objects.Where(static o => o.Text("kind") is "Deployment" or "DaemonSet").ToList();
        workloads.Select(static o => o.Name()).ShouldBe(["virt-api", "virt-controller", "virt-handler"], ignoreOrder: true);
        foreach (var pod in workloads.Select(static o => o.At("spec", "template", "spec")))
        {
            accounts.ShouldContain(pod.Text("serviceAccountName"));
            var container = pod.At("containers").ShouldBeOfType<JsonArray>().ShouldHaveSingleItem();
            container.Text("image").ShouldEndWith($":{VirtControllerOptions.Version}");
        }

        var launcher = workloads.Single(static o => o.Name() == "virt-controller").At("spec", "template", "spec", "containers")![0].At("args")!.AsArray()[^1].Text();
        launcher.ShouldBe(new VirtControllerOptions().LauncherImage);
    }

    [Fact]
    public void A_file_that_is_no_YAML_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("godwit-manifests-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "bad.yaml"), "a: [");
            Should.Throw<InvalidOperationException>(() => ManifestSet.Read(folder.FullName)).Message.ShouldContain("bad.yaml");
            Should.Throw<DirectoryNotFoundException>(() => ManifestSet.Read(Path.Combine(folder.FullName, "none"))).Message.ShouldContain("build again with ./godwit");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Deploy([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "..", "deploy"));
}

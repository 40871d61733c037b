using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery.Manifests;

/// <summary>The manifests in deploy/ as a whole.</summary>
public sealed class DeployedManifestsTests
{
    private static readonly string Folder = Deploy();

    [Fact]
    public void Kustomize_gets_every_file_but_those_for_LocalCluster_and_for_Prometheus()
    {
        var kustomization = Yaml.Parse(File.ReadAllText(Path.Combine(Folder, "kustomization.yaml")));
        kustomization.At("labels")!.AsArray().ShouldHaveSingleItem().Text("pairs", "app.kubernetes.io/part-of").ShouldBe("godwit");
        var listed = ((JsonArray)kustomization!["resources"]!).Select(static r => r.Text()!);
        var files = Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories)
            .Select(static f => Path.GetRelativePath(Folder, f))
            .Where(static f => f != "kustomization.yaml" && f.Split('/')[0] is not ("localcluster" or "monitoring"));
        listed.Order(StringComparer.Ordinal).ShouldBe(files.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("workloads")]
    [InlineData("localcluster")]
    public void No_object_is_there_twice_in_either_way_to_install(string leftOut) =>
        ManifestSet.Read(Folder, leftOut, "monitoring").Objects.Select(static o => $"{o.Text("apiVersion")} {o.Text("kind")} {o.Key()}").ShouldBeUnique();

    [Fact]
    public void Namespaces_and_definitions_come_first_and_workloads_last()
    {
        var kinds = ManifestSet.Read(Folder, "localcluster", "monitoring").Objects.Select(static o => o.Text("kind")).ToList();
        kinds[0].ShouldBe("Namespace");
        kinds[1].ShouldBe("CustomResourceDefinition");
        kinds[^1].ShouldBeOneOf("Deployment", "DaemonSet");
    }

    [Fact]
    public void Workloads_run_images_of_this_version_as_accounts_that_exist()
    {
        var objects = ManifestSet.Read(Folder, "localcluster", "monitoring").Objects;
        var accounts = objects.Where(static o => o.Text("kind") == "ServiceAccount").Select(static o => o.Name()).ToList();
        var workloads = objects.Where(static o => o.Text("kind") is "Deployment" or "DaemonSet").ToList();
        workloads.Select(static o => o.Name()).ShouldBe(["virt-api", "virt-controller", "virt-handler"], ignoreOrder: true);
        foreach (var pod in workloads.Select(static o => o.At("spec", "template", "spec")))
        {
            accounts.ShouldContain(pod.Text("serviceAccountName"));
            var container = pod.At("containers").ShouldBeOfType<JsonArray>().ShouldHaveSingleItem();
            container.Text("image").ShouldEndWith($":{VirtControllerOptions.Version}");
            (container.At("env") as JsonArray ?? []).Single(static one => one.Text("name") == "DOTNET_GCgen0size").Text("value").ShouldBe("400000", "as `godwit up` gives it");
        }

        var launcher = workloads.Single(static o => o.Name() == "virt-controller").At("spec", "template", "spec", "containers")![0].At("args")!.AsArray()[^1].Text();
        launcher.ShouldBe(new VirtControllerOptions().LauncherImage);
    }

    [Fact]
    public void Prometheus_finds_every_component_by_its_labels_its_port_and_the_name_in_its_certificate()
    {
        var monitoring = ManifestSet.Read(Path.Combine(Folder, "monitoring")).Objects;
        var listed = ((JsonArray)Yaml.Parse(File.ReadAllText(Path.Combine(Folder, "monitoring", "kustomization.yaml")))!["resources"]!).Select(static r => r.Text()!);
        listed.Order(StringComparer.Ordinal).ShouldBe(
            Directory.GetFiles(Path.Combine(Folder, "monitoring")).Select(static f => Path.GetFileName(f)).Where(static f => f != "kustomization.yaml").Order(StringComparer.Ordinal));
        var monitors = monitoring.Where(static o => o.Text("kind") == "PodMonitor").ToDictionary(static o => o.Name());
        var service = monitoring.Single(static o => o.Text("kind") == "Service");
        var names = new Dictionary<string, string>
        {
            ["virt-api"] = Consoles.CallerName,
            ["virt-controller"] = MonitoringNames.ControllerName,
            ["virt-handler"] = Consoles.HandlerName,
        };
        foreach (var workload in ManifestSet.Read(Folder, "localcluster", "monitoring").Objects.Where(static o => o.Text("kind") is "Deployment" or "DaemonSet"))
        {
            var pod = workload.At("spec", "template")!;
            var labels = Pairs(pod.At("metadata", "labels"));
            var monitor = monitors[workload.Name()];
            Pairs(monitor.At("spec", "selector", "matchLabels")).ShouldBeSubsetOf(labels);
            Pairs(service.At("spec", "selector")).ShouldBeSubsetOf(labels);
            var endpoint = monitor.At("spec", "podMetricsEndpoints").ShouldBeOfType<JsonArray>().ShouldHaveSingleItem();
            endpoint.Text("tlsConfig", "serverName").ShouldBe(names[workload.Name()]);
            endpoint.Text("tlsConfig", "ca", "configMap", "name").ShouldBe(Consoles.TrustConfigMap);
            endpoint.Text("tlsConfig", "ca", "configMap", "key").ShouldBe(Consoles.TrustKey);
            var ports = (JsonArray)pod.At("spec", "containers")![0].At("ports")!;
            ports.Select(static p => p.Text("name")).ShouldContain(endpoint.Text("port"));
        }
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

    private static string[] Pairs(JsonNode? map) => [.. ((JsonObject)map!).Select(static pair => $"{pair.Key}={pair.Value.Text()}")];

    private static string Deploy([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "..", "deploy"));
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.Images;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

[Collection(NodeCollection.Name)]
public sealed class ImageTests(NodeCluster cluster)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_imported_image_runs_and_what_a_container_writes_stays_its_own()
    {
        var image = await ImportAsync("example.com/tiny:1");
        image.Digest.ShouldStartWith("sha256:");
        for (var i = 0; i < 2; i++)
        {
            await cluster.RunAsync($"tiny{i}", "read x < /greeting; echo $x; test ! -e /mine && echo new; : > /mine", Tiny);
            await cluster.PhaseAsync($"tiny{i}", "Succeeded");
            (await cluster.LogAsync($"tiny{i}")).ShouldBe("hello\nnew\n");
        }
    }

    [Fact]
    public async Task An_image_can_be_mounted_read_only_as_a_volume()
    {
        var image = await ImportAsync("example.com/tiny:1");
        await cluster.RunAsync("disk", "cat /disk/greeting; touch /disk/x 2>/dev/null || echo readonly; sleep 1000", spec =>
        {
            spec["volumes"] = JsonNode.Parse("""[{"name":"disk","image":{"reference":"example.com/tiny:1","pullPolicy":"IfNotPresent"}}]""");
            spec["containers"]![0]!["volumeMounts"] = JsonNode.Parse("""[{"name":"disk","mountPath":"/disk"}]""");
        });
        var pod = await cluster.ReadyAsync("disk");
        var onHost = Path.Combine(
            cluster.Options.StateDirectory, "nodes", pod.Text("spec", "nodeName")!, "kubelet", "pods", pod.Uid(), "volumes", "kubernetes.io~image", "disk", "greeting");
        File.Exists(onHost).ShouldBeTrue();
        await cluster.DeleteAsync("disk");
        File.Exists(onHost).ShouldBeFalse();
        File.Exists(Path.Combine(cluster.Images.RootOf(image), "greeting")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_file_that_is_no_image_is_refused_by_name()
    {
        var file = Path.Combine(cluster.Options.StateDirectory, "no-image.tar");
        await File.WriteAllTextAsync(file, "nothing", Token);
        var errors = new StringWriter();
        (await ImageCommands.RunAsync(["import", file, "--state", cluster.Options.StateDirectory], TextWriter.Null, errors, Token)).ShouldBe(1);
        errors.ToString().ShouldContain("no-image.tar");
    }

    private static void Tiny(JsonObject spec) => spec["containers"]![0]!["image"] = "example.com/tiny:1";

    /// <summary>A layout with a shell, what it needs to run, and a file; made once.</summary>
    private async Task<ImageRecord> ImportAsync(string name)
    {
        var layout = Path.Combine(cluster.Options.StateDirectory, "layout");
        if (!Directory.Exists(layout))
        {
            var greeting = Path.Combine(cluster.Options.StateDirectory, "greeting");
            await File.WriteAllTextAsync(greeting, "hello\n", Token);
            await UmociAsync("init", "--layout", layout);
            await UmociAsync("new", "--image", $"{layout}:v1");
            foreach (var (source, target) in ((string, string)[])
                [("/bin/dash", "/bin/sh"), ("/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"), ("/lib/x86_64-linux-gnu/libc.so.6", "/lib/libc.so.6"), (greeting, "/greeting")])
            {
                await UmociAsync("insert", "--image", $"{layout}:v1", new FileInfo(source).ResolveLinkTarget(true)?.FullName ?? source, target);
            }
        }
        var importer = new ImageImporter(cluster.Images, cluster.Tools, TimeProvider.System);
        return await importer.ImportAsync(layout, name, Token);
    }

    private Task<string> UmociAsync(params string[] arguments) => cluster.Tools.RunAsync("umoci", arguments, Token);
}

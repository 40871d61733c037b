using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.ApiServer;

public sealed class ServiceAccountAdmissionTests
{
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    [Theory]
    [InlineData("{}", "{}", true)]
    [InlineData("""{"automountServiceAccountToken":false}""", "{}", false)]
    [InlineData("{}", """{"automountServiceAccountToken":false}""", false)]
    [InlineData("""{"automountServiceAccountToken":true}""", """{"automountServiceAccountToken":false}""", true)]
    public void A_token_is_mounted_unless_the_pod_or_else_the_account_says_no(string spec, string account, bool mounted)
    {
        var pod = Pod(spec, """[{"name":"a"},{"name":"b"}]""");
        ServiceAccountAdmission.Apply(pod, (JsonObject)JsonNode.Parse(account)!);
        Mounts(pod, 0).ShouldBe(mounted ? [MountPath] : []);
        Mounts(pod, 1).ShouldBe(mounted ? [MountPath] : []);
        ((pod.At("spec", "volumes") as JsonArray)?.Count ?? 0).ShouldBe(mounted ? 1 : 0);
    }

    [Fact]
    public void The_volume_holds_token_certificate_and_namespace()
    {
        var pod = Pod("{}", """[{"name":"a"}]""");
        ServiceAccountAdmission.Apply(pod, []);
        var volume = ((JsonArray)pod.At("spec", "volumes")!)[0]!;
        volume.Text("name").ShouldStartWith("kube-api-access-");
        volume.Text("name").ShouldBe(((JsonArray)pod.At("spec", "containers")!)[0]!["volumeMounts"]![0].Text("name"));
        ((JsonArray)volume.At("projected", "sources")!).Select(s => ((JsonObject)s!).First().Key).ShouldBe(["serviceAccountToken", "configMap", "downwardAPI"]);
    }

    [Fact]
    public void A_container_with_a_mount_of_its_own_there_gets_none()
    {
        var pod = Pod("""{"volumes":[{"name":"own"}]}""", $$"""[{"name":"a","volumeMounts":[{"name":"own","mountPath":"{{MountPath}}"}]}]""");
        ServiceAccountAdmission.Apply(pod, []);
        Mounts(pod, 0).ShouldBe([MountPath]);
        ((JsonArray)pod.At("spec", "volumes")!).Count.ShouldBe(1);
    }

    [Fact]
    public void Pull_secrets_of_the_account_are_taken_over_by_a_pod_without_any()
    {
        var account = (JsonObject)JsonNode.Parse("""{"imagePullSecrets":[{"name":"s"}]}""")!;
        var pod = Pod("{}", """[{"name":"a"}]""");
        ServiceAccountAdmission.Apply(pod, account);
        pod.At("spec", "imagePullSecrets")!.ToJsonString().ShouldBe("""[{"name":"s"}]""");
        var own = Pod("""{"imagePullSecrets":[{"name":"mine"}]}""", """[{"name":"a"}]""");
        ServiceAccountAdmission.Apply(own, account);
        own.At("spec", "imagePullSecrets")!.ToJsonString().ShouldBe("""[{"name":"mine"}]""");
    }

    [Fact]
    public void The_image_of_a_pod_that_a_kubelet_has_by_itself_stays_as_it_is()
    {
        var pod = Pod("{}", """[{"name":"a"}]""");
        pod["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["kubernetes.io/config.mirror"] = "x" } };
        ServiceAccountAdmission.Apply(pod, []);
        pod.At("spec", "volumes").ShouldBeNull();
    }

    private static JsonObject Pod(string spec, string containers)
    {
        var parsed = (JsonObject)JsonNode.Parse(spec)!;
        parsed["containers"] = JsonNode.Parse(containers);
        return new JsonObject { ["spec"] = parsed };
    }

    private static List<string> Mounts(JsonObject pod, int container) =>
        [.. (((JsonArray)pod.At("spec", "containers")!)[container]!["volumeMounts"] as JsonArray ?? []).Select(m => m.Text("mountPath")!)];
}

using System.Text.Json.Nodes;
using Godwit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Schema;

public sealed class BuiltInSchemaTests
{
    [Theory]
    [InlineData("v1", "ConfigMap", """{"data":{"a":1}}""", "json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    [InlineData("apps/v1", "Deployment", """{"spec":{"replicas":"x"}}""", "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("v1", "Pod", """{"spec":{"containers":[{"env":[{"value":1}]}]}}""", "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string")]
    [InlineData("v1", "Pod", """{"spec":{"containers":{}}}""", "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container")]
    [InlineData("v1", "Secret", """{"data":{"a":"***"}}""", "illegal base64 data at input byte 0")]
    [InlineData("v1", "Pod", """{"spec":{"containers":[{"resources":{"limits":{"memory":"lots"}}}]}}""", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    public void A_wrong_type_is_named_in_the_words_of_a_typed_server(string apiVersion, string kind, string json, string error) =>
        BuiltInSchemas.Provider(apiVersion, kind)!.Decode(Widgets.Parse(json)).TypeError.ShouldBe(error);

    [Fact]
    public void Unknown_fields_are_found_with_their_index()
    {
        var pod = Widgets.Parse("""{"kind":"Pod","metadata":{"name":"a","nome":"b"},"spec":{"containers":[{"name":"c","imaeg":"x"}],"nodename":"n"},"extra":1}""");
        BuiltInSchemas.Provider("v1", "Pod")!.Decode(pod).UnknownFields.ShouldBe(["metadata.nome", "spec.containers[0].imaeg", "spec.nodename", "extra"]);
        pod.ToJsonString().ShouldBe("""{"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c"}]}}""");
    }

    [Fact]
    public void Every_kind_of_the_fact_files_can_be_walked_to_the_end()
    {
        BuiltInSchemas.Types.Count.ShouldBeGreaterThan(200);
        foreach (var (name, type) in BuiltInSchemas.Types)
        {
            type.TypeName.ShouldBe(name);
            type.Required.ShouldAllBe(r => type.Properties.ContainsKey(r));
            foreach (var property in type.Properties.Values.Where(p => p.ListMapKeys.Count > 0))
            {
                property.Items!.Properties.Keys.ShouldContain(property.ListMapKeys[0]);
            }
        }
    }

    [Fact]
    public void A_quantity_given_as_a_number_becomes_text()
    {
        var pod = Widgets.Parse("""{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":2}}}]}}""");
        BuiltInSchemas.Provider("v1", "Pod")!.Decode(pod).TypeError.ShouldBeNull();
        pod["spec"]!["containers"]![0]!["resources"]!["requests"]!["cpu"]!.ToJsonString().ShouldBe("\"2\"");
    }

    [Fact]
    public void A_bare_pod_gets_the_defaults_that_a_real_server_gives()
    {
        var pod = Widgets.Parse("""{"spec":{"schedulerName":"none","containers":[{"name":"c","image":"registry.local/busybox"}]}}""");
        BuiltInSchemas.Provider("v1", "Pod")!.Default(pod);
        JsonNode.DeepEquals(pod["spec"], Widgets.Parse(
            """
            {"schedulerName":"none","dnsPolicy":"ClusterFirst","enableServiceLinks":true,"restartPolicy":"Always","securityContext":{},"terminationGracePeriodSeconds":30,
             "containers":[{"name":"c","image":"registry.local/busybox","imagePullPolicy":"Always","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}]}
            """)).ShouldBeTrue(pod.ToJsonString());
    }

    [Theory]
    [InlineData("busybox:1.35", "IfNotPresent")]
    [InlineData("busybox:latest", "Always")]
    [InlineData("host:5000/busybox", "Always")]
    [InlineData("host:5000/busybox@sha256:abc", "IfNotPresent")]
    public void Images_without_a_fixed_tag_are_pulled_always(string image, string policy)
    {
        var pod = Widgets.Parse("{\"spec\":{\"containers\":[{\"image\":\"" + image + "\"}]}}");
        BuiltInSchemas.Provider("v1", "Pod")!.Default(pod);
        ((string?)pod["spec"]!["containers"]![0]!["imagePullPolicy"]).ShouldBe(policy);
    }

    [Fact]
    public void Missing_and_wrong_values_of_a_pod_are_named()
    {
        var pod = Widgets.Parse("""{"spec":{"restartPolicy":"Maybe","containers":[]},"status":{"conditions":[{}]}}""");
        BuiltInSchemas.Provider("v1", "Pod")!.Validate(pod, null).Select(e => e.ToString()).ShouldBe(
        [
            "spec.containers: Required value",
            "spec.restartPolicy: Unsupported value: \"Maybe\": supported values: \"Always\", \"Never\", \"OnFailure\"",
        ]);
    }
}

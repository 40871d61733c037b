using System.Text.Json.Nodes;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Network;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Network;

/// <summary>Networks that a pod asks for by annotation.</summary>
public sealed class FurtherNetworksTests
{
    private static readonly NetworkRequest Request = new("kubevirt", "migration", "migration0");

    [Theory]
    [InlineData(null, "")]
    [InlineData(" ", "")]
    [InlineData("red", "shop/red@net1")]
    [InlineData("red, kubevirt/blue@migration0 ,green", "shop/red@net1 kubevirt/blue@migration0 shop/green@net3")]
    [InlineData("""[{"name":"red"},{"name":"blue","namespace":"kubevirt","interface":"migration0"}]""", "shop/red@net1 kubevirt/blue@migration0")]
    public void The_annotation_has_two_forms(string? annotation, string networks) =>
        string.Join(' ', NetworkRequest.Parse(annotation, "shop").Select(r => $"{r.Namespace}/{r.Name}@{r.Interface}")).ShouldBe(networks);

    [Theory]
    [InlineData("red@eth0", "'eth0' cannot be the name of an interface, or is taken")]
    [InlineData("red@a,blue@a", "'a' cannot be the name")]
    [InlineData("red@sixteen-letters-long", "cannot be the name")]
    [InlineData("red,,blue", "a network has no name")]
    [InlineData("/red", "a network has no name")]
    [InlineData("[1]", "it is no list of objects")]
    [InlineData("[{", "it is no list of objects")]
    [InlineData("""[{"name":"red","ips":["10.0.0.1"]}]""", "'ips' is not supported here")]
    public void What_cannot_be_had_is_refused(string annotation, string why)
    {
        var error = Should.Throw<NetworkException>(() => NetworkRequest.Parse(annotation, "shop")).Message;
        error.ShouldStartWith("annotation k8s.v1.cni.cncf.io/networks: ");
        error.ShouldContain(why);
    }

    [Fact]
    public void A_definitions_addresses_are_unique_among_all_nodes_and_networks()
    {
        var attachment = NetworkDefinition.Attachment(
            Request, """{"type":"macvlan","name":"mine","master":"eth0","ipam":{"type":"host-local","dataDir":"/elsewhere"}}""", "/state/networks");
        attachment.Interface.ShouldBe("migration0");
        attachment.Configuration.ToJsonString().ShouldBe(
            """{"type":"macvlan","name":"kubevirt.migration","master":"eth0","ipam":{"type":"host-local","dataDir":"/state/networks"},"cniVersion":"1.0.0"}""");
    }

    [Fact]
    public void A_list_of_one_plug_in_is_that_plug_in() =>
        NetworkDefinition.Attachment(Request, """{"cniVersion":"0.4.0","name":"x","plugins":[{"type":"bridge"}]}""", "/n").Configuration.ToJsonString()
            .ShouldBe("""{"type":"bridge","cniVersion":"0.4.0","name":"kubevirt.migration"}""");

    [Theory]
    [InlineData(null, "spec.config is missing")]
    [InlineData("{", "spec.config is no JSON")]
    [InlineData("[]", "spec.config is no object")]
    [InlineData("{}", "it names no plug-in (type)")]
    [InlineData("""{"type":7}""", "'type' is no text")]
    [InlineData("""{"type":"../../bin/sh"}""", "it names no plug-in (type)")]
    [InlineData("""{"plugins":[{"type":"a"},{"type":"b"}]}""", "2 chained plug-ins; LocalCluster runs one")]
    public void A_definition_that_cannot_be_used_says_why(string? config, string why) =>
        Should.Throw<NetworkException>(() => NetworkDefinition.Attachment(Request, config, "/n")).Message
            .ShouldContain($"network-attachment-definition kubevirt/migration cannot be used: {why}");

    [Fact]
    public void A_pods_interfaces_are_told_as_Multus_tells_them_and_one_alone_is_not()
    {
        var main = Network("godwit", "eth0", """{"ips":[{"address":"10.98.1.7/24"}],"interfaces":[{"name":"cni0","mac":"a"},{"name":"eth0","mac":"b","sandbox":"/s"}]}""");
        var other = Network("kubevirt/migration", "migration0", """{"ips":[{"address":"192.168.77.3/24"}]}""");
        AttachedNetwork.StatusOf([main]).ShouldBeNull();
        AttachedNetwork.StatusOf([main, other]).ShouldBe(
            """[{"name":"godwit","interface":"eth0","ips":["10.98.1.7"],"mac":"b","default":true,"dns":{}},{"name":"kubevirt/migration","interface":"migration0","ips":["192.168.77.3"],"dns":{}}]""");
    }

    private static AttachedNetwork Network(string network, string @interface, string result) =>
        new() { Network = network, Interface = @interface, Configuration = [], Result = (JsonObject)JsonNode.Parse(result)! };
}

using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Network;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Network;

public sealed class NetworkTests
{
    private static readonly ClusterNetwork Network = new("godwit", IPNetwork.Parse("10.99.0.0/24"), IPNetwork.Parse("10.98.0.0/16"), ["node01", "node02"]);

    [Fact]
    public void Every_name_and_address_follows_from_the_clusters_name_and_ranges()
    {
        Network.Bridge.ShouldBe("godwit0");
        Network.Gateway.ShouldBe(IPAddress.Parse("10.99.0.1"));
        var place = Network.Place("node02");
        place.Namespace.ShouldBe("godwit-node02");
        place.Address.ShouldBe(IPAddress.Parse("10.99.0.12"));
        place.Pods.ShouldBe(IPNetwork.Parse("10.98.2.0/24"));
        place.HostInterface.Length.ShouldBeLessThanOrEqualTo(15);
        place.Mac.ShouldBe("02:67:0a:63:00:0c");
    }

    [Fact]
    public void Only_namespaces_of_the_cluster_are_its_own()
    {
        Network.Owns("godwit-node01").ShouldBeTrue();
        Network.Owns("godwit-pod-12345678").ShouldBeTrue();
        Network.Owns("godwit2-pod-12345678").ShouldBeFalse();
        Network.Owns("godwit-node03").ShouldBeFalse();
    }

    [Fact]
    public void A_name_that_interfaces_cannot_carry_is_refused() =>
        Should.Throw<NetworkException>(() => (Network with { Name = "far-too-long-a-name" }).Validate()).Message.ShouldContain("far-too-long-a-name");

    [Fact]
    public void An_overlap_with_a_route_of_the_host_names_both()
    {
        var routes = (JsonArray)JsonNode.Parse("""[{"dst":"default","dev":"eth0"},{"dst":"10.98.0.0/20","dev":"docker0"}]""")!;
        var message = RouteOverlap.Find([("the pod range", Network.PodRange)], routes, Network.Bridge);
        message.ShouldNotBeNull().ShouldContain("10.98.0.0/16");
        message.ShouldContain("10.98.0.0/20 on docker0");
    }

    [Fact]
    public void Routes_of_the_cluster_itself_are_no_overlap()
    {
        var routes = (JsonArray)JsonNode.Parse("""[{"dst":"10.98.1.0/24","dev":"godwit0"},{"dst":"192.168.0.1","dev":"eth0"}]""")!;
        RouteOverlap.Find([("the pod range", Network.PodRange), ("the node range", Network.NodeRange)], routes, Network.Bridge).ShouldBeNull();
    }
}
